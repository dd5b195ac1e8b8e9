//! The gatherer against a detector that does what the test says, step by step.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use dk_domain::{ErrorCode, MediaKind, Outcome, Reason, Weight};

use super::*;
use crate::ports::ProgressMark;
use crate::{DetectError, Detection, Illustration, ModelCard, ModelFailure, Phase, Progress, Request};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_mins(1);

/// What the detector is to do next within a call.
enum Step {
    Facts(Sha256),
    Advance(u64, Option<u64>),
    Finish(&'static str),
    /// Waits until somebody stops the call.
    AwaitStop,
    End(Box<Result<Detection, DetectError>>),
    Panic,
}

/// One call of the detector, as the test sees it.
struct Call {
    models: Vec<String>,
    path: PathBuf,
    steps: Sender<Step>,
}

impl Call {
    fn step(&self, step: Step) {
        self.steps.send(step).unwrap();
    }
}

struct Scripted(Mutex<Sender<Call>>);

impl Detector for Scripted {
    fn models(&self) -> Vec<ModelCard> {
        Vec::new()
    }

    fn detect(
        &self,
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Detection, DetectError> {
        let (steps, script) = channel();
        let models = request.models.iter().map(ToString::to_string).collect();
        self.0
            .lock()
            .unwrap()
            .send(Call { models, path: request.path.to_owned(), steps })
            .unwrap_or_default();
        loop {
            // A test that has ended says nothing any more.
            let Ok(step) = script.recv_timeout(DEADLINE) else {
                return Err(error(ErrorCode::Stopped, "over"));
            };
            match step {
                Step::Facts(sha256) => progress.facts(&facts(sha256)),
                Step::Advance(done, total) => progress.advanced(Phase::Frames, done, total),
                Step::Finish(model) => progress.model_finished(&finding(model)),
                Step::AwaitStop => {
                    let (heard, hears) = channel();
                    let _watch = stop.on_stop(move || heard.send(()).unwrap());
                    hears.recv_timeout(DEADLINE).expect("the call is stopped");
                    return Err(error(ErrorCode::Stopped, "stopped"));
                }
                Step::End(result) => return *result,
                Step::Panic => panic!("a broken model"),
            }
        }
    }
}

fn error(code: ErrorCode, words: &str) -> DetectError {
    DetectError { code, hint: None, source: words.into() }
}

fn facts(sha256: Sha256) -> MediaFacts {
    MediaFacts {
        kind: MediaKind::Image,
        format: "png".into(),
        bytes: 1,
        sha256,
        duration_ms: None,
        image: None,
        video: None,
        audio: None,
    }
}

fn finding(model: &str) -> Finding {
    Finding {
        model: dk_domain::ModelId {
            name: model.parse().unwrap(),
            version: "1.0.0".into(),
            sha256: sha(9),
            engine: "none".into(),
        },
        family: "image".parse().unwrap(),
        weight: Weight::Weak,
        outcome: Outcome::NotApplicable(vec![Reason::NoFace]),
        origin: None,
        took_secs: 0.1,
    }
}

fn all_of(sha256: Sha256, findings: &[&str], failures: Vec<ModelFailure>) -> Step {
    let findings = findings.iter().map(|model| finding(model)).collect();
    Step::End(Box::new(Ok(Detection {
        facts: facts(sha256),
        findings,
        failures,
        illustration: Illustration::default(),
    })))
}

fn sha(byte: u8) -> Sha256 {
    Sha256::from([byte; 32])
}

struct Held(PathBuf);

impl HeldFile for Held {
    fn path(&self) -> &Path {
        &self.0
    }
}

type Answers = Receiver<Result<Found, AskError>>;

struct Stage {
    gather: Gather,
    calls: Receiver<Call>,
    marks: Receiver<ProgressMark>,
    mark: Sender<ProgressMark>,
}

impl Stage {
    fn new(lanes: usize, max_waiting: usize) -> Self {
        let (sender, calls) = channel();
        let options = GatherOptions { lanes, window_ms: 0, max_waiting, illustrate: false };
        let detector: Arc<dyn Detector> = Arc::new(Scripted(Mutex::new(sender)));
        let gather = Gather::new(&detector, options).unwrap();
        let (mark, marks) = channel();
        Self { gather, calls, marks, mark }
    }

    fn ask(&self, file: u8, model: &str) -> (Answers, StopToken) {
        self.try_ask(file, model).unwrap()
    }

    fn try_ask(&self, file: u8, model: &str) -> Result<(Answers, StopToken), Busy> {
        let (reply, answers) = channel();
        let (stop, mark) = (StopToken::new(), self.mark.clone());
        let ask = Ask {
            sha256: sha(file),
            file: Arc::new(Held(PathBuf::from(format!("file-{file}")))),
            model: model.parse().unwrap(),
            watcher: Arc::new(move |told| mark.send(told).unwrap_or_default()),
            stop: stop.clone(),
        };
        self.gather.submit(ask, Box::new(move |answer| reply.send(answer).unwrap_or_default()))?;
        Ok((answers, stop))
    }

    fn call(&self) -> Call {
        self.calls.recv_timeout(DEADLINE).expect("the detector is called")
    }

    /// Keeps the only lane busy with a file of its own, so that what follows is gathered.
    fn occupy(&self) -> (Call, Answers) {
        let (answers, _) = self.ask(0, "first");
        (self.call(), answers)
    }
}

fn get(answers: &Answers) -> Result<Found, AskError> {
    answers.recv_timeout(DEADLINE).expect("every request is answered")
}

fn model_of(answers: &Answers) -> String {
    get(answers).unwrap().1.model.name.to_string()
}

#[test]
fn requests_for_one_file_become_one_look_and_the_same_model_twice_shares_its_answer() {
    let stage = Stage::new(1, 10);
    let (busy, first) = stage.occupy();
    let asked: Vec<_> = ["b", "a", "b"].map(|model| stage.ask(1, &format!("m-{model}")).0).into();
    let (other, _) = stage.ask(2, "m-a");
    assert_eq!(stage.gather.figures(), GatherFigures { waiting: 4, active: 1, files: 3 });
    busy.step(all_of(sha(0), &["first"], vec![]));
    assert_eq!(model_of(&first), "first");
    let call = stage.call();
    assert_eq!(call.models, ["m-a", "m-b"]);
    assert_eq!(call.path, PathBuf::from("file-1"));
    call.step(all_of(sha(1), &["m-a", "m-b"], vec![]));
    let said: Vec<String> = asked.iter().map(model_of).collect();
    assert_eq!(said, ["m-b", "m-a", "m-b"]);
    let call = stage.call();
    assert_eq!((call.models.as_slice(), call.path), (["m-a".to_owned()].as_slice(), PathBuf::from("file-2")));
    call.steps.send(all_of(sha(2), &["m-a"], vec![])).unwrap();
    assert_eq!(model_of(&other), "m-a");
    assert_eq!(stage.gather.figures(), GatherFigures::default());
}

#[test]
fn two_lanes_look_at_two_files_at_the_same_time() {
    let stage = Stage::new(2, 10);
    let (one, _) = stage.ask(1, "m-a");
    let first = stage.call();
    let (two, _) = stage.ask(2, "m-a");
    let second = stage.call();
    second.step(all_of(sha(2), &["m-a"], vec![]));
    assert_eq!(model_of(&two), "m-a");
    first.step(all_of(sha(1), &["m-a"], vec![]));
    assert_eq!(model_of(&one), "m-a");
}

#[test]
fn a_finding_is_passed_on_while_the_other_models_still_look() {
    let stage = Stage::new(1, 10);
    let (busy, _first) = stage.occupy();
    let ((quick, _), (slow, _)) = (stage.ask(1, "m-quick"), stage.ask(1, "m-slow"));
    busy.step(all_of(sha(0), &[], vec![]));
    let call = stage.call();
    call.step(Step::Facts(sha(1)));
    call.step(Step::Finish("m-quick"));
    assert_eq!(model_of(&quick), "m-quick");
    assert_eq!(stage.gather.figures(), GatherFigures { waiting: 0, active: 1, files: 1 });
    call.step(all_of(sha(1), &["m-quick", "m-slow"], vec![]));
    assert_eq!(model_of(&slow), "m-slow");
}

#[test]
fn a_failed_model_and_one_that_does_not_read_the_file_are_told_apart() {
    let stage = Stage::new(1, 10);
    let (busy, _first) = stage.occupy();
    let asked = ["m-good", "m-bad", "m-none"].map(|model| stage.ask(1, model).0);
    busy.step(all_of(sha(0), &[], vec![]));
    let failure = ModelFailure {
        model: "m-bad".parse().unwrap(),
        code: ErrorCode::ModelFailed,
        message: "cannot read /srv/models/m-bad".into(),
    };
    stage.call().step(all_of(sha(1), &["m-good"], vec![failure]));
    assert_eq!(model_of(&asked[0]), "m-good");
    let bad = get(&asked[1]).unwrap_err();
    assert_eq!((bad.code, bad.message.as_str()), (ErrorCode::ModelFailed, "the model ended with an error"));
    assert_eq!(get(&asked[2]).unwrap_err().code, ErrorCode::ModelUnavailable);
}

#[test]
fn an_unreadable_file_is_an_error_for_everyone_who_asked() {
    let stage = Stage::new(1, 10);
    let (answers, _) = stage.ask(1, "m-a");
    stage.call().step(Step::End(Box::new(Err(error(ErrorCode::UnreadableMedia, "the png file is cut off")))));
    let told = get(&answers).unwrap_err();
    assert_eq!((told.code, told.message.as_str()), (ErrorCode::UnreadableMedia, "the png file is cut off"));
}

#[test]
fn a_file_that_is_not_the_one_that_was_meant_gives_no_finding() {
    let stage = Stage::new(1, 10);
    let (early, _) = stage.ask(1, "m-a");
    let call = stage.call();
    call.step(Step::Facts(sha(7)));
    assert_eq!(get(&early).unwrap_err().code, ErrorCode::FileMissing);
    call.step(Step::AwaitStop);
    let (late, _) = stage.ask(1, "m-a");
    stage.call().step(all_of(sha(7), &["m-a"], vec![]));
    assert_eq!(get(&late).unwrap_err().code, ErrorCode::FileMissing);
}

#[test]
fn one_who_stops_is_answered_at_once_and_the_look_ends_with_the_last_one() {
    let stage = Stage::new(1, 10);
    let (busy, _first) = stage.occupy();
    let ((one, stop_one), (two, stop_two)) = (stage.ask(1, "m-a"), stage.ask(1, "m-b"));
    busy.step(all_of(sha(0), &[], vec![]));
    let call = stage.call();
    stop_one.stop();
    assert_eq!(get(&one).unwrap_err().code, ErrorCode::Stopped);
    assert_eq!(stage.gather.figures().active, 1);
    call.step(Step::AwaitStop);
    stop_two.stop();
    assert_eq!(get(&two).unwrap_err().code, ErrorCode::Stopped);
    // The lane is free again.
    let (after, _) = stage.ask(2, "m-a");
    stage.call().step(all_of(sha(2), &["m-a"], vec![]));
    assert_eq!(model_of(&after), "m-a");
}

#[test]
fn one_who_stops_while_waiting_makes_room_and_a_file_nobody_waits_for_is_never_looked_at() {
    let stage = Stage::new(1, 2);
    let (busy, _first) = stage.occupy();
    let (one, stop) = stage.ask(1, "m-a");
    let (two, _) = stage.ask(2, "m-a");
    assert_eq!(stage.try_ask(3, "m-a").unwrap_err(), Busy);
    stop.stop();
    assert_eq!(get(&one).unwrap_err().code, ErrorCode::Stopped);
    let (three, _) = stage.ask(3, "m-a");
    busy.step(all_of(sha(0), &[], vec![]));
    for (file, answers) in [(2, two), (3, three)] {
        let call = stage.call();
        assert_eq!(call.path, PathBuf::from(format!("file-{file}")));
        call.step(all_of(sha(file), &["m-a"], vec![]));
        assert_eq!(model_of(&answers), "m-a");
    }
}

#[test]
fn one_who_has_stopped_before_asking_is_answered_as_stopped() {
    let stage = Stage::new(1, 10);
    let (_busy, _first) = stage.occupy();
    let (reply, answers) = channel();
    let stop = StopToken::new();
    stop.stop();
    let ask = Ask {
        sha256: sha(1),
        file: Arc::new(Held(PathBuf::new())),
        model: "m-a".parse().unwrap(),
        watcher: Arc::new(|_| ()),
        stop,
    };
    stage.gather.submit(ask, Box::new(move |answer| reply.send(answer).unwrap_or_default())).unwrap();
    assert_eq!(get(&answers).unwrap_err().code, ErrorCode::Stopped);
    assert_eq!(stage.gather.figures().waiting, 0);
}

#[test]
fn a_panic_in_the_detector_is_a_failed_model_and_the_lane_lives_on() {
    let stage = Stage::new(1, 10);
    let (answers, _) = stage.ask(1, "m-a");
    stage.call().step(Step::Panic);
    assert_eq!(get(&answers).unwrap_err().code, ErrorCode::ModelFailed);
    let (answers, _) = stage.ask(1, "m-a");
    stage.call().step(all_of(sha(1), &["m-a"], vec![]));
    assert_eq!(model_of(&answers), "m-a");
}

#[test]
fn progress_reaches_everyone_who_waits_with_its_first_and_last_mark() {
    let stage = Stage::new(1, 10);
    let (answers, _) = stage.ask(1, "m-a");
    let call = stage.call();
    for done in 1..=50 {
        call.step(Step::Advance(done, None));
    }
    call.step(all_of(sha(1), &["m-a"], vec![]));
    assert_eq!(model_of(&answers), "m-a");
    let told: Vec<u64> = stage.marks.try_iter().map(|mark| mark.done).collect();
    assert_eq!((told.first(), told.last()), (Some(&1), Some(&50)));
}

#[test]
fn closing_ends_everyone_as_stopped_and_stops_the_look() {
    let stage = Stage::new(1, 10);
    let (busy, first) = stage.occupy();
    let (waiting, _) = stage.ask(1, "m-a");
    busy.step(Step::AwaitStop);
    stage.gather.close();
    assert_eq!(get(&first).unwrap_err().code, ErrorCode::Stopped);
    assert_eq!(get(&waiting).unwrap_err().code, ErrorCode::Stopped);
    let (late, _) = stage.ask(2, "m-a");
    assert_eq!(get(&late).unwrap_err().code, ErrorCode::Stopped);
}
