"""How far the lips are open in each sound of English, 0 to 1, as phonetics describes it: closed for p, b, m; nearly closed
for f, v; wide for open vowels, narrow for close and for rounded ones. The names are those of flite (ARPAbet)."""

OPENNESS = {
    "pau": 0.05, "p": 0.0, "b": 0.0, "m": 0.0, "f": 0.1, "v": 0.1, "w": 0.1,
    "s": 0.2, "z": 0.2, "uw": 0.2, "sh": 0.25, "zh": 0.25, "ch": 0.25, "jh": 0.25,
    "t": 0.3, "d": 0.3, "n": 0.3, "r": 0.3, "y": 0.3, "th": 0.35, "dh": 0.35, "iy": 0.35, "uh": 0.35,
    "k": 0.4, "g": 0.4, "ng": 0.4, "er": 0.4, "l": 0.45, "ih": 0.45, "hh": 0.5, "ax": 0.5,
    "ey": 0.6, "ow": 0.6, "ah": 0.7, "oy": 0.7, "eh": 0.75, "ao": 0.85, "ay": 0.9, "aw": 0.9, "aa": 1.0, "ae": 1.0,
}
