//! What the exit code says, and which of several reasons wins.

use std::ffi::OsString;

use crate::media::{BRIGHT, DARK, GREY, bmp};
use crate::package::Package;
use crate::support::{Home, checkout};

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    for (name, grey) in [("dark.bmp", DARK), ("grey.bmp", GREY), ("bright.bmp", BRIGHT)] {
        home.write(name, bmp(grey));
    }
    home.write("broken.jpg", "<html></html>");
    home
}

#[test]
fn each_answer_has_its_exit_code() {
    let home = home();
    for (file, code, prediction) in
        [("dark.bmp", 0, "REAL"), ("bright.bmp", 1, "FAKE"), ("grey.bmp", 3, "INCONCLUSIVE")]
    {
        let outcome = home.analyze_json([file]);
        assert_eq!(outcome.code, Some(code), "{file}: {outcome:?}");
        assert_eq!(outcome.prediction(), prediction);
        let document = outcome.document();
        assert_eq!(document["analyses"][0]["model"]["name"], "brightness");
        assert!(document["failures"].as_array().is_some_and(Vec::is_empty));
    }
}

#[test]
fn fake_wins_over_unreadable_and_unreadable_over_real() {
    let home = home();
    for (files, code) in [
        (&["dark.bmp", "dark.bmp"][..], 0),
        (&["dark.bmp", "bright.bmp"], 1),
        (&["broken.jpg", "bright.bmp", "grey.bmp"], 1),
        (&["bright.bmp", "missing.bmp"], 1),
        (&["dark.bmp", "grey.bmp"], 3),
        (&["dark.bmp", "broken.jpg"], 3),
        (&["dark.bmp", "missing.bmp"], 3),
        (&["broken.jpg"], 3),
    ] {
        let outcome = home.analyze_json(files);
        assert_eq!(outcome.code, Some(code), "{files:?}: {outcome:?}");
        assert_eq!(outcome.documents().len(), files.len());
    }
}

#[test]
fn a_file_that_no_model_reads_is_undecided() {
    let home = home();
    home.tone("tone.wav", "");
    let outcome = home.analyze_json(["--", "tone.wav"].into_iter().skip(1));
    assert_eq!((outcome.code, outcome.prediction().as_str()), (Some(3), "NOT_APPLICABLE"));
}

#[test]
fn a_voice_with_a_generators_mark_is_fake_and_the_same_voice_without_it_is_left_open() {
    let home = Home::new();
    for (file, code, reason) in
        [("marked-voice.wav", 1, "mark_found"), ("samples/machine-voice.wav", 3, "no_mark")]
    {
        let path = checkout().join("testdata").join(file);
        let args = ["analyze", "--json", "--quiet", "--models", "perth-watermark"].map(OsString::from);
        let outcome = home.run(args.into_iter().chain([path.into()]));
        assert_eq!(outcome.code, Some(code), "{file}: {outcome:?}");
        assert_eq!(outcome.document()["verdict"]["reasons"][0], reason);
    }
}

#[test]
fn wrong_use_is_told_before_any_file_is_opened() {
    let home = home();
    for (args, part) in [
        (&["analyze"][..], "required"),
        (&["analyse", "dark.bmp"], "unrecognized subcommand"),
        (&["analyze", "--jobs", "0", "dark.bmp"], "--jobs"),
        (&["analyze", "--jobs", "many", "dark.bmp"], "--jobs"),
        (&["analyze", "--models", "Not A Name", "dark.bmp"], "not a model name"),
        (&["analyze", "--frobnicate", "dark.bmp"], "--frobnicate"),
        (&["analyze", "--models", "no-such-model", "dark.bmp"], "there is no model \"no-such-model\""),
        (&["analyze", "-", "-"], "named twice"),
        (&["models", "pull"], "required"),
        (&["models", "pull", "no-such-model"], "there is no package no-such-model"),
        (&["models", "bench", "brightness", "--runs", "0"], "--runs"),
        (&["config"], "show"),
        (&["--config", "absent.toml", "doctor"], "cannot read absent.toml"),
    ] {
        let outcome = home.run(args);
        outcome.is_orderly();
        assert_eq!(outcome.code, Some(2), "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(part), "{args:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{args:?}");
    }
}

#[test]
fn an_unknown_model_names_those_that_exist_and_an_unready_one_the_way_out() {
    let home = home();
    let unknown = home.run(["analyze", "--models", "brightnes", "dark.bmp"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("brightness"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("hint: see `drishtiksha models list`"), "{}", unknown.stderr);

    let unready = home.run(["analyze", "--models", "mesonet-df", "dark.bmp"]);
    assert_eq!(unready.code, Some(3));
    assert!(unready.stderr.contains("model mesonet-df cannot be used: its weights are not on this machine"));
    assert!(unready.stderr.contains("hint: Convert"), "{}", unready.stderr);
    assert_eq!(unready.stdout, "");
}

#[test]
fn only_the_models_that_were_asked_for_look() {
    let home = home();
    Package::loudness().put(&home);
    let voice = checkout().join("testdata/speech-human.wav");
    let outcome = home.run([
        "analyze",
        "--json",
        "--models",
        "loudness",
        voice.to_str().expect("the checkout is UTF-8"),
    ]);
    let analyses = outcome.document()["analyses"].clone();
    assert_eq!(analyses.as_array().map(Vec::len), Some(1), "{analyses}");
    assert_eq!(analyses[0]["model"]["name"], "loudness");
}

#[test]
fn a_voice_and_a_video_are_judged_as_a_picture_is() {
    let home = home();
    Package::loudness().put(&home);
    let voice = checkout().join("testdata/speech-human.wav");
    let voice = voice.to_str().expect("the checkout is UTF-8");
    home.make("loud.wav", ["-i", voice, "-af", "volume=12dB"]);
    home.make("quiet.wav", ["-i", voice, "-af", "volume=-12dB"]);
    home.clip("white.mp4", "white", "-c:v libx264 -c:a aac");
    home.clip("black.webm", "black", "-c:v libvpx -c:a libvorbis");
    for (file, model, code, prediction) in [
        ("loud.wav", "loudness", 1, "FAKE"),
        ("quiet.wav", "loudness", 0, "REAL"),
        ("white.mp4", "brightness", 1, "FAKE"),
        ("black.webm", "brightness", 0, "REAL"),
    ] {
        let outcome = home.run(["analyze", "--json", "--models", model, file]);
        let said = (outcome.code, outcome.prediction());
        assert_eq!(said, (Some(code), prediction.to_owned()), "{file}: {}", outcome.stdout);
    }
    let spans = home.run(["analyze", "--json", "--models", "brightness", "white.mp4"]).document();
    let span = &spans["analyses"][0]["segments"][0];
    assert_eq!(span["track"], "picture", "{spans}");
    assert!(span["end_ms"].as_u64() > span["start_ms"].as_u64(), "{spans}");
}
