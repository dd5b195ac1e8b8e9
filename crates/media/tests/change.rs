//! Changed copies: each is a file of the same kind that can be read again, and carries nothing of what the first one said
//! of itself.

mod support;

use std::fs;

use dk_app::{Silent, StopToken};
use dk_domain::MediaKind;
use dk_media::{Change, ChangeError, Limits, MediaError, MediaFile};
use support::{Folder, open, tools};

fn changed(path: &std::path::Path, change: &Change) -> Result<Vec<u8>, ChangeError> {
    let mut bytes = Vec::new();
    open(path).expect("valid").write_changed(change, &mut bytes, &StopToken::new())?;
    Ok(bytes)
}

fn change(kind: MediaKind, name: &str) -> &'static Change {
    Change::all(kind).iter().find(|change| change.name == name).expect("there is one")
}

const MARK: &str = "made-by-nobody-in-particular";

#[test]
fn every_change_gives_a_file_of_the_same_kind_without_its_notes() {
    let folder = Folder::new();
    let note = format!("comment={MARK}");
    let picture = folder.make("a.png", ["-f", "lavfi", "-i", "testsrc2=s=320x200", "-frames:v", "1"]);
    let both = ["-f", "lavfi", "-i", "testsrc2=s=322x200:d=1.5:r=12", "-f", "lavfi", "-i", "sine=d=1.5"];
    let video =
        folder.make("a.mp4", both.iter().chain(&["-c:v", "libx264", "-c:a", "aac", "-metadata", &note]));
    let sound = folder.make("a.wav", ["-f", "lavfi", "-i", "sine=d=1.5", "-metadata", &note]);
    assert!(fs::read(&video).expect("there").windows(MARK.len()).any(|part| part == MARK.as_bytes()));
    for path in [picture, video, sound] {
        let kind = open(&path).expect("valid").facts.kind;
        for change in Change::all(kind) {
            let bytes = changed(&path, change).unwrap_or_else(|error| panic!("{}: {error}", change.name));
            assert!(!bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes()), "{}", change.name);
            let facts = open(&folder.write("copy", &bytes)).expect(change.name).facts;
            assert_eq!(facts.kind, kind, "{}", change.name);
            assert_eq!(facts.audio.is_some(), kind != MediaKind::Image, "{}", change.name);
            if kind != MediaKind::Image {
                let lasts = facts.duration_ms.expect("a length");
                assert!((1400..1800).contains(&lasts), "{}: {lasts} ms", change.name);
            }
        }
    }
}

#[test]
fn sizes_are_those_that_are_promised() {
    let folder = Folder::new();
    let path = folder.make("a.png", ["-f", "lavfi", "-i", "testsrc2=s=1600x800", "-frames:v", "1"]);
    for (name, width, height) in
        [("jpeg-50", 1600, 800), ("half", 800, 400), ("crop", 1280, 640), ("messenger", 1280, 640)]
    {
        let bytes = changed(&path, change(MediaKind::Image, name)).expect(name);
        let image = open(&folder.write("copy", bytes)).expect(name).facts.image.expect("a picture");
        assert_eq!((image.width_px, image.height_px), (width, height), "{name}");
    }
}

#[test]
fn what_cannot_be_made_is_said() {
    let folder = Folder::new();
    let tiny = folder.make("a.png", ["-f", "lavfi", "-i", "color=s=10x10", "-frames:v", "1"]);
    let half = changed(&tiny, change(MediaKind::Image, "half"));
    assert!(matches!(half, Err(ChangeError::TooSmall { width_px: 10, height_px: 10 })), "{half:?}");
    let other = changed(&tiny, change(MediaKind::Audio, "telephone"));
    assert!(matches!(other, Err(ChangeError::OtherKind)), "{other:?}");
    let sound = folder.make("a.wav", ["-f", "lavfi", "-i", "sine=d=1"]);
    let (stop, limits) = (StopToken::new(), Limits::default());
    let media = MediaFile::open(&sound, &tools(), &limits, &Silent, &stop).expect("valid");
    stop.stop();
    let stopped = media.write_changed(change(MediaKind::Audio, "telephone"), &mut Vec::new(), &stop);
    assert!(matches!(stopped, Err(ChangeError::Media(MediaError::Stopped))), "{stopped:?}");
}
