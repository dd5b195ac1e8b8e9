//! Settings hidden in the transparency of a picture: the input is the message, which is written as generators do.
#![no_main]

use libfuzzer_sys::fuzz_target;

const WIDTH_PX: usize = 64;

fuzz_target!(|message: &[u8]| {
    let height_px = (message.len() * 8).div_ceil(WIDTH_PX);
    let mut opacity = vec![254; WIDTH_PX * height_px];
    for at in 0..message.len() * 8 {
        opacity[at % height_px * WIDTH_PX + at / height_px] |= message[at / 8] >> (7 - at % 8) & 1;
    }
    assert!(dk_provenance::stealth::find(&opacity, WIDTH_PX, height_px).len() <= 24);
});
