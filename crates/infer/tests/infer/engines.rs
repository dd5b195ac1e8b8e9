//! One contract for every engine, on nets of this repository.

use dk_app::StopToken;
use dk_infer::engine::{Engines, Memory, Model, RunError, Tensor, Weights};

use crate::setup::{THREADS, checkout, engines};

const LANDMARKS: &str = "models/face-landmarks-68/1.0.0/weights.onnx";
const FACES: &str = "models/tiny-face-detector/1.0.0/weights.onnx";

fn load(engines: &Engines, file: &str) -> Box<dyn Model> {
    engines.all()[0].load(&Weights::File(checkout().join(file)), THREADS, Memory::Keep).unwrap()
}

/// The same numbers on every machine, 0 to 255.
fn pixels(shape: &[usize], seed: u32) -> Tensor {
    let count: usize = shape.iter().product();
    let value = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 24) as f32;
    Tensor::floats(shape, (0..u32::try_from(count).unwrap()).map(value).collect()).unwrap()
}

fn landmarks(model: &mut dyn Model, input: &Tensor) -> Vec<f32> {
    let mut answer = model.run(&[("face", input)], &["points"], &StopToken::new()).unwrap();
    answer.remove(0).into_finite_floats().unwrap()
}

fn far(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn every_engine_gives_the_same_answer_from_a_file_and_from_memory() {
    let input = pixels(&[1, 3, 112, 112], 1);
    let mut answers = Vec::new();
    for (kind, engines) in engines() {
        let from_file = landmarks(load(&engines, LANDMARKS).as_mut(), &input);
        let bytes: &'static [u8] = std::fs::read(checkout().join(LANDMARKS)).unwrap().leak();
        let mut in_memory = engines.all()[0].load(&Weights::Bytes(bytes), THREADS, Memory::Keep).unwrap();
        assert!(far(&from_file, &landmarks(in_memory.as_mut(), &input)) == 0.0, "{kind:?}");
        answers.push(from_file);
    }
    for other in &answers[1..] {
        assert!(far(&answers[0], other) < 1e-4);
    }
}

#[test]
fn a_batch_gives_what_single_rows_give() {
    let rows: Vec<Tensor> = (0..3).map(|seed| pixels(&[1, 3, 112, 112], seed * 7919)).collect();
    for (kind, engines) in engines() {
        let mut model = load(&engines, LANDMARKS);
        let batch = Tensor::stack(&rows.iter().collect::<Vec<_>>()).unwrap();
        let together = landmarks(model.as_mut(), &batch);
        let single: Vec<f32> = rows.iter().flat_map(|row| landmarks(model.as_mut(), row)).collect();
        assert!(far(&together, &single) < 1e-4, "{kind:?}");
    }
}

#[test]
fn names_and_shapes_that_the_net_does_not_have_are_errors() {
    for (kind, engines) in engines() {
        let mut model = load(&engines, LANDMARKS);
        let good = pixels(&[1, 3, 112, 112], 1);
        let stop = StopToken::new();
        let wrong_input = model.run(&[("nose", &good)], &["points"], &stop);
        assert!(matches!(wrong_input, Err(RunError::NoSuchName { what: "input", .. })), "{kind:?}");
        let wrong_output = model.run(&[("face", &good)], &["ears"], &stop);
        assert!(matches!(wrong_output, Err(RunError::NoSuchName { what: "output", .. })), "{kind:?}");
        assert!(
            model.run(&[("face", &pixels(&[1, 4, 112, 112], 1))], &["points"], &stop).is_err(),
            "{kind:?}"
        );
        assert!(model.run(&[("face", &pixels(&[1, 3, 112], 1))], &["points"], &stop).is_err(), "{kind:?}");
        assert!(model.run(&[], &["points"], &stop).is_err(), "{kind:?}");
        assert_eq!(landmarks(model.as_mut(), &good).len(), 136, "{kind:?}: usable after errors");
    }
}

#[test]
fn a_stop_is_heard_and_the_net_is_usable_afterwards() {
    for (kind, engines) in engines() {
        let mut model = load(&engines, FACES);
        let stop = StopToken::new();
        stop.stop();
        let small = pixels(&[1, 3, 128, 128], 1);
        let stopped = model.run(&[("image", &small)], &["boxes"], &stop);
        assert!(matches!(stopped, Err(RunError::Stopped)), "{kind:?}");
        assert!(model.run(&[("image", &small)], &["boxes"], &StopToken::new()).is_ok(), "{kind:?}");
    }
}

/// Large enough that the run is still under way when the stop comes; a run that had ended before it would
/// answer, and that would fail the test.
#[test]
fn a_stop_ends_a_run_that_is_under_way() {
    for (kind, engines) in engines() {
        if kind == dk_infer::engine::EngineKind::Rten {
            eprintln!("skipped on rten: its runs cannot be interrupted");
            continue;
        }
        let mut model = load(&engines, FACES);
        let large = pixels(&[1, 3, 6144, 6144], 1);
        let stop = StopToken::new();
        let stopper = stop.clone();
        let ended = std::thread::scope(|scope| {
            scope.spawn(move || stopper.stop());
            model.run(&[("image", &large)], &["boxes"], &stop)
        });
        assert!(matches!(ended, Err(RunError::Stopped)), "{kind:?}");
    }
}

#[test]
fn broken_weights_are_errors_and_never_a_panic() {
    let good = std::fs::read(checkout().join(LANDMARKS)).unwrap();
    // A file of 0xFF is not among them: it hangs rten for ever, which only the limited child can end.
    let broken: Vec<Vec<u8>> =
        vec![good[..good.len() / 2].to_vec(), b"not a net".to_vec(), good[100..5000].to_vec()];
    for (kind, engines) in engines() {
        for bytes in &broken {
            let weights = Weights::Bytes(bytes.clone().leak());
            assert!(
                engines.all()[0].load(&weights, THREADS, Memory::Keep).is_err(),
                "{kind:?}: {} bytes",
                bytes.len()
            );
        }
        let missing = Weights::File(checkout().join("models/none.onnx"));
        assert!(engines.all()[0].load(&missing, THREADS, Memory::Keep).is_err());
    }
}

/// The version of the pure Rust engine is part of every result, so it must be the one that is built in.
#[test]
fn the_engine_names_the_version_that_is_pinned() {
    let manifest = std::fs::read_to_string(checkout().join("Cargo.toml")).unwrap();
    let rten =
        Engines::open(dk_infer::engine::EngineChoice::Only(dk_infer::engine::EngineKind::Rten), &[]).unwrap();
    let version = rten.all()[0].id().strip_prefix("rten ").unwrap().to_owned();
    assert!(manifest.contains(&format!("rten = {{ version = \"={version}\"")));
}
