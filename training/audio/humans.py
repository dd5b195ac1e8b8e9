"""Step 1: the human recordings of the Debian packages, one store, split by speaker.

Two speakers are never known to be one person across the split; where a package
does not say who speaks (tuxpaint), its language stands for the speaker.
"""

from common import DEB, decode, pack, rng_for, trim, write_store, RATE

SOUNDS = DEB / "usr/share/asterisk/sounds"
STAMPS = DEB / "usr/share/tuxpaint/stamps"
FILLETS = DEB / "usr/share/games/fillets-ng/sound"
# The same woman speaks the English and the Mexican Spanish prompts: both are in training.
HELD_OUT = {"carlo-it", "tux-ru", "tux-ca", "tux-el", "tux-da", "fillets-nl-m", "fillets-nl-v", "prompt-es-co"}
MOST = 110


def sources():
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


def main():
    rows, waves = [], []
    for speaker, language, package, files, options in sources():
        rng = rng_for("humans", speaker, language)
        clips, want = [], MOST * 4.2 * RATE
        for index in rng.permutation(len(files)):
            clip = trim(decode(files[index], *options))
            if len(clip) > 0.4 * RATE:
                clips.append(clip)
                want -= len(clip)
            if want < 0:
                break
        utterances = pack(clips, rng)[:MOST]
        split = "heldout" if speaker in HELD_OUT else "train"
        for number, wave in enumerate(utterances):
            rows.append(dict(id=f"human/{speaker}-{language}/{number}", label="human", family="human", engine="human",
                             voice=speaker, language=language, source=package, split=split))
            waves.append(wave)
        print(f"{speaker} {language}: {len(files)} files, {len(utterances)} utterances, {split}")
    write_store("humans", rows, waves)


if __name__ == "__main__":
    main()
