"""Step 1: the human recordings of the Debian packages, split by speaker.

Two stores: `humans` (sentences and short phrases) and `volunteers` (letters, syllables and
words of many more people, never trained or calibrated on: they test the finished thresholds). Two speakers are never known to be one person
across the split; where a package does not say who speaks, its language stands for the speaker.
"""

import sys

from common import DEB, decode, pack, rng_for, share, trim, write_store, RATE

SOUNDS = DEB / "usr/share/asterisk/sounds"
STAMPS = DEB / "usr/share/tuxpaint/stamps"
FILLETS = DEB / "usr/share/games/fillets-ng/sound"
# The same woman speaks the English and the Mexican Spanish prompts: both are in training.
HELD_OUT = {"carlo-it", "tux-ru", "tux-ca", "tux-el", "tux-da", "fillets-nl-m", "fillets-nl-v", "prompt-es-co"}
# Utterances of a speaker at most, and seconds of the shortest clip used.
MOST = {"humans": share(110), "volunteers": share(16)}
SHORTEST = {"humans": 0.4, "volunteers": 0.25}


def volunteers():
    """Letters and words; languages of which tuxpaint's voice is held out are left out, the volunteer may be the same."""
    for package, folder in [("klettres-data", "klettres"), ("ktuberling-data", "ktuberling/sounds")]:
        for place in sorted(p for p in (DEB / "usr/share" / folder).iterdir() if p.is_dir()):
            if place.name in {"ru", "ca", "el", "da"} or "@" in place.name:
                continue
            files = sorted(p for p in place.rglob("*") if p.suffix in {".ogg", ".wav"})
            if len(files) >= 40:
                yield f"{package.split('-')[0]}-{place.name}", place.name, package, files, []


def humans():
    """(speaker, language, package, files, ffmpeg input options)"""
    g722 = ["-f", "g722"]
    for folder, speaker, language in [
        ("en_US_f_Allison", "allison", "en"), ("es_MX_f_Allison", "allison", "es"),
        ("fr_CA_f_June", "june-fr", "fr"), ("it_IT_m_Carlo", "carlo-it", "it"),
        ("ru_RU_f_IvrvoiceRU", "ivrvoice-ru", "ru"),
    ]:
        yield speaker, language, "asterisk-core-sounds", sorted((SOUNDS / folder).rglob("*.g722")), g722
    yield "menardi-it", "it", "asterisk-prompt-it-menardi", sorted((SOUNDS / "it_IT_f_Menardi").rglob("*.wav")), []
    yield "armelle-fr", "fr", "asterisk-prompt-fr-armelle", sorted((SOUNDS / "fr").rglob("*.gsm")), ["-f", "gsm"]
    yield "prompt-es-co", "es", "asterisk-prompt-es-co", sorted((SOUNDS / "es").rglob("*.gsm")), ["-f", "gsm"]
    for language in ["fr", "ru", "ro", "ca", "bg", "es", "be", "el", "da"]:
        yield f"tux-{language}", language, "tuxpaint-stamps-default", sorted(STAMPS.rglob(f"*_desc_{language}.ogg")), []
    for language in ["cs", "nl"]:
        for actor in ["m", "v"]:
            files = sorted(p for p in FILLETS.rglob("*.ogg") if p.parent.name == language and f"-{actor}-" in p.name)
            yield f"fillets-{language}-{actor}", language, f"fillets-ng-data-{language}", files, []


def gather(store):
    """All utterances of one store: rows and waves."""
    rows, waves = [], []
    for speaker, language, package, files, options in {"humans": humans, "volunteers": volunteers}[store]():
        rng = rng_for("humans", speaker, language)
        clips, want = [], MOST[store] * 4.2 * RATE
        for index in rng.permutation(len(files)):
            clip = trim(decode(files[index], *options))
            if len(clip) > SHORTEST[store] * RATE:
                clips.append(clip)
                want -= len(clip)
            if want < 0:
                break
        utterances = pack(clips, rng)[: MOST[store]]
        split = "extra" if store == "volunteers" else "heldout" if speaker in HELD_OUT else "train"
        for number, wave in enumerate(utterances):
            rows.append(dict(id=f"human/{speaker}-{language}/{number}", label="human", family="human", engine="human",
                             voice=speaker, language=language, source=package, split=split))
            waves.append(wave)
        print(f"{speaker} {language}: {len(files)} files, {len(utterances)} utterances, {split}", flush=True)
    return rows, waves


if __name__ == "__main__":
    for name in sys.argv[1:] or ["humans", "volunteers"]:
        write_store(name, *gather(name))
