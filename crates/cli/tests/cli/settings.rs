//! Where settings come from, what wrong ones lead to, and what `doctor` says of the machine.

use std::fs;

use crate::media::{DARK, bmp};
use crate::package::Package;
use crate::support::{Home, finish};

#[test]
fn every_setting_is_shown_with_its_origin() {
    let home = Home::new();
    fs::write(home.path("data/config.toml"), "[limits]\nmegapixels = 7\nmedia_secs = 60\n").unwrap();
    let mut command = home.command(["config", "show"]);
    command.env("DRISHTIKSHA_MAX_MEGAPIXELS", "9");
    let shown = finish(command);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let line = |key: &str| {
        let start = format!("{key} = ");
        shown
            .stdout
            .lines()
            .find(|line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("{}", shown.stdout))
    };
    assert_eq!(line("limits.megapixels"), "limits.megapixels = \"9\"  # from DRISHTIKSHA_MAX_MEGAPIXELS");
    assert!(line("limits.media_secs").starts_with("limits.media_secs = \"60\"  # from "));
    assert!(line("limits.media_secs").ends_with("config.toml"));
    assert!(line("engine.spin").contains("# default; DRISHTIKSHA_SPIN or `engine.spin` in config.toml"));
    assert!(line("home").contains("data"), "{}", line("home"));
    assert!(line("models.folders").contains("from DRISHTIKSHA_MODELS"));
}

#[test]
fn a_file_that_is_named_wins_over_the_one_in_the_data_folder() {
    let home = Home::new();
    fs::write(home.path("data/config.toml"), "[engine]\nspin = true\n").unwrap();
    home.write("other.toml", "[engine]\nthreads = 3\n");
    let shown = home.run(["--config", "other.toml", "config", "show"]).stdout;
    assert!(shown.contains("engine.threads = \"1\"  # from DRISHTIKSHA_THREADS"), "{shown}");
    assert!(shown.contains("engine.spin = \"false\"  # default"), "{shown}");
    let mut command = home.command(["config", "show"]);
    command.env("DRISHTIKSHA_CONFIG", "other.toml").env("DRISHTIKSHA_THREADS", "");
    let shown = finish(command).stdout;
    assert!(shown.contains("engine.threads = \"3\"  # from other.toml"), "{shown}");
}

#[test]
fn a_wrong_file_of_settings_is_wrong_use_and_named() {
    let home = Home::new();
    for (content, parts) in [
        ("[engine]\nchoise = 'ort'", &["unknown setting engine.choise", "drishtiksha config show"][..]),
        ("[motor]\nchoice = 'ort'", &["unknown setting motor.choice"]),
        ("[engine]\nchoice = 'fast'", &["engine.choice", "\"fast\"", "auto, ort or rten"]),
        ("[engine]\nthreads = 0", &["engine.threads", "1 to 1024"]),
        ("[engine]\nspin = 'maybe'", &["engine.spin", "true"]),
        ("[limits]\nmegapixels = -1", &["limits.megapixels", "DRISHTIKSHA_MAX_MEGAPIXELS", "1 to 2000"]),
        ("[limits]\nmegapixels = 99999999999999999999999999", &["cannot understand"]),
        ("[database]\npartitions = 'week'", &["database.partitions", "DATABASE_PARTITIONS", "month"]),
        ("[database]\npartitions = 'month'", &["DATABASE_PARTITIONS is set", "SQLite keeps all"]),
        (
            "[database]\nreplica_url = 'postgres://x'",
            &["DATABASE_REPLICA_URL is set", "only PostgreSQL has replicas"],
        ),
        ("[limits]\nfile_bytes = 1.5", &["limits.file_bytes", "neither text"]),
        ("[limits]\nfile_bytes = [1]", &["limits.file_bytes", "neither text"]),
        ("megapixels = 3", &["cannot understand", "hint: the file has tables"]),
        ("[limits\n", &["cannot understand"]),
        ("\u{0}\u{1}", &["cannot understand"]),
    ] {
        fs::write(home.path("data/config.toml"), content).unwrap();
        let mut command = home.command(["config", "show"]);
        command.env("DRISHTIKSHA_THREADS", "");
        let outcome = finish(command);
        outcome.is_orderly();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{content:?}: {outcome:?}");
        assert_eq!(outcome.error_lines().len(), 1, "{content:?}: {outcome:?}");
        for part in parts {
            assert!(outcome.stderr.contains(part), "{content:?} lacks {part:?}: {}", outcome.stderr);
        }
    }
    fs::write(home.path("data/config.toml"), b"[engine]\nlibrary = '\xff\xfe'").unwrap();
    assert_eq!(home.run(["doctor"]).is_orderly().code, Some(2));
}

#[test]
fn a_wrong_variable_is_wrong_use_and_named() {
    let home = Home::new();
    for (name, value) in [
        ("DRISHTIKSHA_ENGINE", "cuda"),
        ("DRISHTIKSHA_THREADS", "1025"),
        ("DRISHTIKSHA_SPIN", "1"),
        ("DRISHTIKSHA_MAX_FILE_BYTES", "500MB"),
        ("DRISHTIKSHA_MAX_MEDIA_SECS", "-1"),
        ("DRISHTIKSHA_MAX_MEGAPIXELS", "0"),
        ("DRISHTIKSHA_MAX_MEGAPIXELS", "2001"),
        ("DRISHTIKSHA_DECODER_MEMORY_MIB", "18446744073709551616"),
        ("DRISHTIKSHA_DECODER_SECS", "soon"),
    ] {
        let mut command = home.command(["doctor"]);
        command.env(name, value);
        let outcome = finish(command);
        assert_eq!(outcome.is_orderly().code, Some(2), "{name}: {outcome:?}");
        assert!(outcome.stderr.contains(name) && outcome.stderr.contains("hint: allowed is"), "{outcome:?}");
    }
}

#[test]
fn the_largest_numbers_that_are_allowed_overflow_nothing() {
    let home = Home::new();
    Package::brightness().put(&home);
    home.write("dark.bmp", bmp(DARK));
    home.clip("black.mp4", "black", "-c:v libx264 -an");
    let mut command = home.command(["analyze", "--json", "dark.bmp", "black.mp4"]);
    for name in ["MAX_FILE_BYTES", "MAX_MEDIA_SECS", "DECODER_MEMORY_MIB", "DECODER_SECS"] {
        command.env(format!("DRISHTIKSHA_{name}"), u64::MAX.to_string());
    }
    command.env("DRISHTIKSHA_MAX_MEGAPIXELS", "2000");
    let outcome = finish(command);
    assert_eq!(outcome.is_orderly().code, Some(0), "{outcome:?}");
    let mut command = home.command(["analyze", "--json", "-"]);
    command.env("DRISHTIKSHA_MAX_FILE_BYTES", u64::MAX.to_string());
    assert_eq!(finish(command).is_orderly().code, Some(3), "an empty file");
}

#[test]
fn limits_are_those_of_the_settings() {
    let home = Home::new();
    Package::brightness().put(&home);
    home.write("dark.bmp", bmp(DARK));
    home.clip("black.mp4", "black", "-c:v libx264 -an");
    home.make("large.png", ["-f", "lavfi", "-i", "color=c=black:s=1200x1000", "-frames:v", "1"]);
    for (name, value, file, code) in [
        ("DRISHTIKSHA_MAX_FILE_BYTES", "100", "dark.bmp", "file_too_large"),
        ("DRISHTIKSHA_MAX_MEDIA_SECS", "1", "black.mp4", "too_long"),
        ("DRISHTIKSHA_MAX_MEGAPIXELS", "1", "large.png", "too_many_pixels"),
    ] {
        let mut command = home.command(["analyze", "--json", file]);
        command.env(name, value);
        let outcome = finish(command);
        assert_eq!(outcome.code, Some(3), "{name}: {outcome:?}");
        assert_eq!(outcome.document()["error"]["code"], code);
    }
}

#[test]
fn doctor_names_what_is_there_and_what_is_missing_with_the_way_to_get_it() {
    let home = Home::new();
    Package::brightness().put(&home);
    Package::loudness().with("weight = \"weak\"", "weight = \"heavy\"").put(&home);
    let mut command = home.command(["doctor"]);
    command.env("DRISHTIKSHA_FFMPEG", home.path("no-ffmpeg"));
    let outcome = finish(command);
    assert_eq!(outcome.is_orderly().code, Some(0), "{outcome:?}");
    for part in [
        "ok      ffprobe version",
        "missing ffmpeg",
        "ok      model brightness 1.0.0 on rten",
        "missing engine ort",
        "missing model mesonet-df 1.0.0: its weights are not on this machine",
        "missing package loudness/1.0.0: model.toml: `weight` is \"heavy\"",
        "things are missing",
    ] {
        assert!(outcome.stdout.contains(part), "lacks {part:?}: {}", outcome.stdout);
    }
    let hints = outcome.stdout.lines().filter(|line| line.trim_start().starts_with("hint: ")).count();
    let missing = outcome.stdout.lines().filter(|line| line.starts_with("missing")).count();
    assert_eq!(hints, missing, "{}", outcome.stdout);
}

#[test]
fn a_tool_that_is_missing_stops_only_what_needs_it() {
    let home = Home::new();
    Package::brightness().put(&home);
    home.write("dark.bmp", bmp(DARK));
    home.clip("black.mp4", "black", "-c:v libx264 -an");
    for tool in ["DRISHTIKSHA_FFPROBE", "DRISHTIKSHA_FFMPEG"] {
        let mut command = home.command(["analyze", "--json", "dark.bmp", "black.mp4"]);
        command.env(tool, home.path("nothing"));
        let outcome = finish(command);
        assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
        let [picture, video] = outcome.documents().try_into().expect("two documents");
        assert_eq!(picture["verdict"]["prediction"], "REAL");
        assert_eq!(video["error"]["code"], "tool_missing", "{video}");
    }
}

#[test]
fn an_engine_that_was_asked_for_and_is_missing_is_said_so() {
    let home = Home::new();
    Package::brightness().put(&home);
    home.write("dark.bmp", bmp(DARK));
    home.write("libonnxruntime.so", "this is no library");
    for library in ["nowhere.so", "libonnxruntime.so"] {
        let mut command = home.command(["analyze", "--json", "dark.bmp"]);
        command.env("DRISHTIKSHA_ENGINE", "ort").env("ORT_DYLIB_PATH", home.media(library));
        let outcome = finish(command);
        assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
        assert!(outcome.stderr.contains("the engine ort was asked for and is not usable"), "{outcome:?}");
        assert!(outcome.stderr.contains("hint: set DRISHTIKSHA_ENGINE=auto"), "{outcome:?}");
        let mut command = home.command(["analyze", "--json", "dark.bmp"]);
        command.env("ORT_DYLIB_PATH", home.media(library));
        assert_eq!(finish(command).code, Some(0), "the other engine is used instead");
    }
}
