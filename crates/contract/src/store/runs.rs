//! Runs from acceptance to their end.

use dk_app::ports::{
    Accepted, AddRun, Analysis, Before, ErrandKind, EventKind, NewRun, Once, Planned, ProgressMark, Reopened,
    Run, RunDetail, StalledRun, Start,
};
use dk_domain::{
    AnalysisStatus, ErrorCode, MediaKind, Phase, Prediction, Probability, Reason, RunId, RunStatus, Urgency,
    UserId, Verdict, Waiting,
};

use super::Stores;
use super::world::{
    accepted, at, broken, end, fake, id, key, member, model, new_run, planned, real, start, under_way,
    upload, verdicts,
};

async fn detail(stores: &Stores, owner: UserId, run: RunId) -> RunDetail {
    stores.library.run(owner, run).await.unwrap().unwrap()
}

async fn part(stores: &Stores, owner: UserId, run: RunId, name: &str) -> Analysis {
    let all = detail(stores, owner, run).await.analyses;
    all.into_iter().find(|analysis| analysis.model == model(name)).unwrap()
}

/// The medium as it lies in the rows equals what accepting returned; facts come back whole.
pub async fn an_accepted_file_has_rows_an_errand_and_an_event(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    for kind in MediaKind::ALL {
        let new = upload(ada.id, "straße & co.bin", kind);
        let (media, run, events) = accepted(stores, &new, at(1)).await;
        assert_eq!((&media.facts, &media.filename, &media.key), (&new.facts, &new.filename, &new.key));
        assert_eq!((media.status, media.verdict, media.latest_run), (RunStatus::Queued, None, Some(run)));
        assert_eq!(stores.library.medium_row(ada.id, media.id).await.unwrap(), Some(media.clone()));
        let stored = detail(stores, ada.id, run).await;
        assert_eq!((stored.run.number, stored.run.status), (1, RunStatus::Queued));
        assert!(stored.analyses.is_empty());
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].kind.clone(), events[0].media_id), (EventKind::Accepted, media.id));
        let errands = stores.outbox.take(9, at(11), at(60)).await.unwrap();
        assert_eq!(errands.len(), 1);
        assert_eq!(errands[0].kind, ErrandKind::Plan(run));
    }
    assert_eq!(stores.library.last_event(ada.id).await.unwrap(), 3);
}

/// For its owner, until a day has gone or the medium was removed.
pub async fn the_same_key_leads_to_the_same_medium_for_a_day(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    let send = async |owner: UserId, now: i64| {
        let new = upload(owner, "a.jpg", MediaKind::Image);
        stores.runs.accept(&new, &new_run(), Some(&Once::Key(key("key", 1))), at(now)).await.unwrap()
    };
    let Accepted::New(first, _) = send(ada.id, 0).await else { panic!("nothing came before") };
    let Accepted::Again(again) = send(ada.id, 86_399).await else { panic!("it came before") };
    assert_eq!(*again, *first);
    assert_eq!(stores.library.last_event(ada.id).await.unwrap(), 1);
    assert!(matches!(send(bob.id, 1).await, Accepted::New(..)), "the key of another person");
    let Accepted::New(second, _) = send(ada.id, 86_400).await else { panic!("a day has gone") };
    assert!(stores.library.remove(ada.id, second.id, at(86_401)).await.unwrap().is_some());
    assert!(matches!(send(ada.id, 86_402).await, Accepted::New(..)), "the medium has gone");
    assert!(stores.accounts.forget_ended(at(200_000)).await.unwrap() >= 2);
}

/// Whether it is looked for before or noticed with the rows.
pub async fn the_same_key_on_another_request_is_taken(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let send = async |digest: u8| {
        let new = upload(ada.id, "a.jpg", MediaKind::Image);
        stores.runs.accept(&new, &new_run(), Some(&Once::Key(key("key", digest))), at(0)).await.unwrap()
    };
    let Accepted::New(first, begun) = send(1).await else { panic!("nothing came before") };
    assert!(matches!(send(2).await, Accepted::KeyTaken));
    let before = async |digest: u8| stores.runs.accepted_before(ada.id, &key("key", digest)).await.unwrap();
    assert!(matches!(before(1).await, Some(Before::Same(media)) if media.id == first.id));
    assert_eq!(before(2).await, Some(Before::Other));
    assert_eq!(stores.runs.accepted_before(ada.id, &key("none", 1)).await.unwrap(), None);
    let ErrandKind::Plan(run) = begun.errand.kind else { panic!("a run is planned first") };
    stores.runs.cancel(ada.id, run, at(1)).await.unwrap().unwrap();
    let again = async |digest: u8| {
        stores.runs.add_run(ada.id, first.id, &new_run(), Some(&key("again", digest)), at(2)).await.unwrap()
    };
    assert!(matches!(again(1).await, AddRun::Added(..)));
    assert!(matches!(again(2).await, AddRun::KeyTaken));
    assert!(matches!(again(1).await, AddRun::Again(_)));
}

/// One at a time, numbered, with the status of the medium following the latest.
pub async fn another_run_begins_when_the_last_one_has_ended(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["clip-probe"]).await;
    let next = NewRun { id: RunId::from(id()), wanted: vec![model("clip-probe")], urgency: Urgency::Batch };
    let add = async |run: &NewRun, name: Option<&str>, now: i64| {
        let key = name.map(|name| key(name, 1));
        stores.runs.add_run(ada.id, media.id, run, key.as_ref(), at(now)).await.unwrap()
    };
    assert!(matches!(add(&next, Some("k"), 3).await, AddRun::UnderWay));
    end(stores, run, "clip-probe", &fake(), at(4)).await;
    let AddRun::Added(added, begun) = add(&next, Some("k"), 5).await else { panic!("none is under way") };
    assert_eq!((added.id, added.number, added.status), (next.id, 2, RunStatus::Queued));
    assert_eq!((added.wanted.as_slice(), added.urgency), (next.wanted.as_slice(), Urgency::Batch));
    assert_eq!((begun.events.len(), begun.errand.kind), (1, ErrandKind::Plan(next.id)));
    let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.verdict, row.latest_run), (RunStatus::Queued, None, Some(next.id)));
    let AddRun::Again(again) = add(&new_run(), Some("k"), 6).await else { panic!("the same key") };
    assert_eq!(*again, *added);
    assert!(matches!(add(&new_run(), Some("other"), 6).await, AddRun::UnderWay));
    let all = stores.library.medium(ada.id, media.id).await.unwrap().unwrap().runs;
    let numbers: Vec<u32> = all.iter().map(|run| run.run.number).collect();
    assert_eq!(numbers, [2, 1]);
    let nothing = dk_domain::MediaId::from(id());
    let none = stores.runs.add_run(ada.id, nothing, &new_run(), None, at(7)).await.unwrap();
    assert!(matches!(none, AddRun::NoMedia));
}

/// The jobs are an errand of the same transaction, with the models that have rows.
pub async fn a_run_is_planned_once_and_every_model_has_its_row(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run, _) = accepted(stores, &upload(ada.id, "a.mp4", MediaKind::Video), at(0)).await;
    planned(stores, run, &["clip-probe", "aasist"], at(1)).await;
    let again = [(dk_domain::AnalysisId::from(id()), model("other"))];
    assert_eq!(stores.runs.plan(run, &again, 7, at(2)).await.unwrap(), None);
    assert_eq!(stores.runs.plan(RunId::from(id()), &again, 7, at(2)).await.unwrap(), None);
    let parts = detail(stores, ada.id, run).await.analyses;
    let states: Vec<_> = parts.iter().map(|part| (part.model.as_str(), part.status, part.kind)).collect();
    let pending = |name| (name, AnalysisStatus::Pending, MediaKind::Video);
    assert_eq!(states, [pending("aasist"), pending("clip-probe")]);
    let errands = stores.outbox.take(9, at(12), at(60)).await.unwrap();
    let models = vec![model("clip-probe"), model("aasist")];
    let expected = ErrandKind::Enqueue(Planned { media_id: media.id, run_id: run, models, place: 5 });
    assert_eq!(errands.iter().filter(|errand| errand.kind == expected).count(), 1, "{errands:?}");
    assert_eq!(errands.len(), 2);
    assert!(stores.runs.to_plan(run).await.unwrap().is_none());
}

/// While it waits, and no longer.
pub async fn a_run_that_waits_says_why(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, run, _) = accepted(stores, &upload(ada.id, "a.mp4", MediaKind::Video), at(0)).await;
    stores.runs.wait(run, &Waiting::NoServer, at(1)).await.unwrap();
    let waits = detail(stores, ada.id, run).await.run;
    assert_eq!((waits.status, waits.waiting_for), (RunStatus::Queued, Some(Waiting::NoServer)));
    let missing = Waiting::ModelMissing(model("aasist"));
    stores.runs.wait(run, &missing, at(1)).await.unwrap();
    assert_eq!(detail(stores, ada.id, run).await.run.waiting_for, Some(missing));
    planned(stores, run, &["clip-probe"], at(2)).await;
    assert_eq!(detail(stores, ada.id, run).await.run.waiting_for, None);
    stores.runs.wait(run, &Waiting::NoServer, at(3)).await.unwrap();
    assert_eq!(detail(stores, ada.id, run).await.run.waiting_for, None);
}

/// Neither ended runs nor those of others.
pub async fn the_backlog_counts_other_unfinished_runs_of_the_owner(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    under_way(stores, bob.id, &["clip-probe"]).await;
    under_way(stores, ada.id, &["clip-probe"]).await;
    let (_, ended) = under_way(stores, ada.id, &["clip-probe"]).await;
    end(stores, ended, "clip-probe", &fake(), at(3)).await;
    let wanted = vec![model("aasist")];
    let run = NewRun { id: RunId::from(id()), wanted: wanted.clone(), urgency: Urgency::Batch };
    let new = upload(ada.id, "a.wav", MediaKind::Audio);
    stores.runs.accept(&new, &run, None, at(4)).await.unwrap();
    let (found, kind, owner, backlog) = stores.runs.to_plan(run.id).await.unwrap().unwrap();
    assert_eq!((found.id, found.wanted, found.urgency), (run.id, wanted, Urgency::Batch));
    assert_eq!((kind, owner, backlog), (MediaKind::Audio, ada.id, 1));
    assert!(stores.runs.to_plan(RunId::from(id())).await.unwrap().is_none());
}

/// All that happens to a run, in rows and in events.
pub async fn a_run_goes_from_queued_to_its_verdict(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    let Start::Go(what, events) = stores.runs.start(run, &model("clip-probe"), at(2)).await.unwrap() else {
        panic!("it has not begun")
    };
    assert_eq!((what.user_id, what.media_id, what.run_id), (ada.id, media.id, run));
    assert_eq!((&what.key, what.sha256, what.bytes), (&media.key, media.facts.sha256, media.facts.bytes));
    assert_eq!(events[0].kind, EventKind::Started { model: model("clip-probe") });
    assert!(matches!(stores.runs.start(run, &model("stranger"), at(2)).await.unwrap(), Start::Over));
    let begun = detail(stores, ada.id, run).await.run;
    assert_eq!((begun.status, begun.started_at), (RunStatus::Processing, Some(at(2))));
    assert_eq!(part(stores, ada.id, run, "clip-probe").await.attempts, 1);

    let ended = end(stores, run, "clip-probe", &fake(), at(3)).await;
    assert_eq!((ended.events.len(), ended.run), (1, None));
    assert!(matches!(ended.events[0].kind, EventKind::Completed { prediction: Prediction::Fake, .. }));
    start(stores, run, "aasist", at(4)).await;
    let ended = end(stores, run, "aasist", &real(), at(5)).await;
    assert_eq!(ended.run, Some(RunStatus::Analyzed));
    assert_eq!(verdicts(&ended.events), [Some(Prediction::Fake)]);

    let stored = detail(stores, ada.id, run).await;
    let Run { status, verdict, started_at, ended_at, .. } = stored.run;
    assert_eq!((status, started_at, ended_at), (RunStatus::Analyzed, Some(at(2)), Some(at(5))));
    let expected: Verdict = dk_domain::conclude_votes(
        &[super::world::answer(1.0 / 30.0).vote, super::world::answer(1.0 - 1.0 / 30.0).vote],
        0,
    );
    let verdict = verdict.unwrap();
    assert_eq!(verdict, expected, "to the last digit");
    let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.verdict), (RunStatus::Analyzed, Some(verdict.prediction)));
    let answered = &stored.analyses[1];
    assert_eq!((answered.status, answered.prediction), (AnalysisStatus::Completed, Some(Prediction::Fake)));
    assert_eq!(answered.probability.map(Probability::get), Some(1.0 - 1.0 / 30.0));
    assert_eq!((answered.model_version.as_deref(), answered.processing_secs), (Some("1.2.0"), Some(1.25)));
}

/// Jobs are delivered at least once.
pub async fn ending_twice_changes_nothing(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    end(stores, run, "aasist", &fake(), at(2)).await;
    let again = end(stores, run, "aasist", &broken(), at(3)).await;
    assert!(again.events.is_empty() && again.run.is_none());
    assert_eq!(detail(stores, ada.id, run).await.run.status, RunStatus::Processing);
    end(stores, run, "clip-probe", &fake(), at(4)).await;
    let before = stores.library.medium(ada.id, media.id).await.unwrap();
    let again = end(stores, run, "clip-probe", &broken(), at(5)).await;
    assert!(again.events.is_empty() && again.run.is_none());
    let again = stores.runs.conclude(run, at(5)).await.unwrap();
    assert!(again.events.is_empty() && again.run.is_none());
    assert!(matches!(stores.runs.start(run, &model("aasist"), at(5)).await.unwrap(), Start::Over));
    assert_eq!(stores.library.medium(ada.id, media.id).await.unwrap(), before);
}

/// No answer, no verdict.
pub async fn a_run_without_an_answer_has_failed_and_says_nothing(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    end(stores, run, "aasist", &broken(), at(2)).await;
    let ended = end(stores, run, "clip-probe", &broken(), at(3)).await;
    assert_eq!((ended.run, verdicts(&ended.events)), (Some(RunStatus::Failed), vec![None]));
    let failed = EventKind::Failed {
        model: model("clip-probe"),
        code: ErrorCode::ModelFailed,
        message: "it broke".to_owned(),
        will_retry: false,
    };
    assert_eq!(ended.events[0].kind, failed);
    let stored = detail(stores, ada.id, run).await;
    assert_eq!((stored.run.status, stored.run.verdict), (RunStatus::Failed, None));
    assert_eq!(stored.analyses[0].error, Some((ErrorCode::ModelFailed, "it broke".to_owned())));
    let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.verdict), (RunStatus::Failed, None));
}

/// The verdict is that of those who answered, and names that one failed.
pub async fn a_run_with_some_answers_is_partly_analysed(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    end(stores, run, "clip-probe", &real(), at(2)).await;
    let ended = end(stores, run, "aasist", &broken(), at(3)).await;
    assert_eq!(ended.run, Some(RunStatus::PartiallyAnalyzed));
    let answered =
        ended.events.iter().any(|event| matches!(event.kind, EventKind::Ended { answered: 1, .. }));
    assert!(answered, "{:?}", ended.events);
    let verdict = detail(stores, ada.id, run).await.run.verdict.unwrap();
    assert_eq!(verdict, dk_domain::conclude_votes(&[super::world::answer(1.0 / 30.0).vote], 1));
    assert!(verdict.reasons.contains(&Reason::ModelFailed));
}

/// And only such a run.
pub async fn a_run_that_no_model_takes_says_so(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, run, _) = accepted(stores, &upload(ada.id, "a.mp4", MediaKind::Video), at(0)).await;
    let ended = stores.runs.end_without_models(run, at(1)).await.unwrap();
    assert_eq!(ended.run, Some(RunStatus::Failed));
    assert_eq!(verdicts(&ended.events), [Some(Prediction::NotApplicable)]);
    let verdict = detail(stores, ada.id, run).await.run.verdict.unwrap();
    assert_eq!((verdict.prediction, verdict.reasons), (Prediction::NotApplicable, vec![Reason::NoModel]));
    assert!(stores.runs.end_without_models(run, at(2)).await.unwrap().run.is_none());
    let (_, planned) = under_way(stores, ada.id, &["clip-probe"]).await;
    assert!(stores.runs.end_without_models(planned, at(2)).await.unwrap().run.is_none());
}

/// Back to pending, with the reason visible; the next attempt counts.
pub async fn another_attempt_is_announced_and_counted(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, run) = under_way(stores, ada.id, &["clip-probe"]).await;
    start(stores, run, "clip-probe", at(2)).await;
    let name = model("clip-probe");
    let retry = stores.runs.will_retry(run, &name, ErrorCode::TimedOut, "too slow", at(3)).await.unwrap();
    assert_eq!(retry.len(), 1);
    assert!(matches!(&retry[0].kind, EventKind::Failed { will_retry: true, code: ErrorCode::TimedOut, .. }));
    let waiting = part(stores, ada.id, run, "clip-probe").await;
    assert_eq!((waiting.status, waiting.attempts), (AnalysisStatus::Pending, 1));
    assert_eq!(waiting.error, Some((ErrorCode::TimedOut, "too slow".to_owned())));
    start(stores, run, "clip-probe", at(4)).await;
    // A worker that died leaves it under way: it begins again all the same.
    start(stores, run, "clip-probe", at(5)).await;
    assert_eq!(part(stores, ada.id, run, "clip-probe").await.attempts, 3);
    end(stores, run, "clip-probe", &fake(), at(6)).await;
    assert_eq!(part(stores, ada.id, run, "clip-probe").await.error, None);
    let late = stores.runs.will_retry(run, &name, ErrorCode::TimedOut, "late", at(7)).await.unwrap();
    assert!(late.is_empty());
}

/// A mark that comes after the end is not written.
pub async fn progress_is_kept_until_the_end_and_not_after(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    start(stores, run, "clip-probe", at(2)).await;
    let mark = |done| ProgressMark { phase: Phase::Frames, done, total: Some(500) };
    let note = async |name: &str, mark: Option<ProgressMark>, now: i64| {
        stores.runs.progress(&[(run, model(name), mark)], at(now)).await.unwrap();
    };
    note("clip-probe", Some(mark(50)), 3).await;
    let seen = part(stores, ada.id, run, "clip-probe").await;
    assert_eq!((seen.progress, seen.updated_at), (Some(mark(50)), at(3)));
    note("clip-probe", None, 4).await;
    let seen = part(stores, ada.id, run, "clip-probe").await;
    assert_eq!((seen.progress, seen.updated_at), (Some(mark(50)), at(4)));
    note("aasist", None, 5).await;
    assert_eq!(part(stores, ada.id, run, "aasist").await.updated_at, at(5));
    end(stores, run, "clip-probe", &fake(), at(6)).await;
    note("clip-probe", Some(mark(60)), 7).await;
    let seen = part(stores, ada.id, run, "clip-probe").await;
    assert_eq!((seen.status, seen.updated_at), (AnalysisStatus::Completed, at(6)));
    stores.runs.progress(&[], at(8)).await.unwrap();
}

/// What had ended stays; what comes late changes nothing.
pub async fn a_cancelled_run_stays_cancelled(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["aasist", "clip-probe", "zz"]).await;
    end(stores, run, "aasist", &fake(), at(2)).await;
    start(stores, run, "zz", at(3)).await;
    let (after, models, events) = stores.runs.cancel(ada.id, run, at(4)).await.unwrap().unwrap();
    assert_eq!(models, [model("clip-probe"), model("zz")]);
    assert_eq!((after.run.status, after.run.ended_at), (RunStatus::Cancelled, Some(at(4))));
    let ended = EventKind::Ended { status: RunStatus::Cancelled, verdict: None, answered: 1 };
    assert_eq!((events.len(), &events[0].kind), (1, &ended));
    let states: Vec<_> = after.analyses.iter().map(|part| part.status).collect();
    assert_eq!(states, [AnalysisStatus::Completed, AnalysisStatus::Cancelled, AnalysisStatus::Cancelled]);
    assert_eq!(detail(stores, ada.id, run).await, after);
    assert!(end(stores, run, "zz", &fake(), at(5)).await.events.is_empty());
    assert!(matches!(stores.runs.start(run, &model("clip-probe"), at(5)).await.unwrap(), Start::Over));
    let (again, models, events) = stores.runs.cancel(ada.id, run, at(6)).await.unwrap().unwrap();
    assert!(again == after && models.is_empty() && events.is_empty());
    assert_eq!(stores.runs.reopen(run, &model("zz"), at(6)).await.unwrap(), Reopened::Over);
    let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.verdict), (RunStatus::Cancelled, None));
    // Not planned yet: cancelled all the same, and never planned.
    let (_, waiting, _) = accepted(stores, &upload(ada.id, "b.mp4", MediaKind::Video), at(7)).await;
    stores.runs.cancel(ada.id, waiting, at(8)).await.unwrap().unwrap();
    assert!(stores.runs.to_plan(waiting).await.unwrap().is_none());
    assert!(stores.runs.cancel(ada.id, RunId::from(id()), at(9)).await.unwrap().is_none());
}

/// The run goes on until it ends anew; of one medium one run at a time all the same.
pub async fn a_failed_analysis_gets_another_chance(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    let reopen = async |name: &str, now: i64| stores.runs.reopen(run, &model(name), at(now)).await.unwrap();
    assert_eq!(reopen("aasist", 2).await, Reopened::Open, "it is open already");
    end(stores, run, "clip-probe", &fake(), at(2)).await;
    end(stores, run, "aasist", &broken(), at(3)).await;
    assert_eq!(reopen("clip-probe", 4).await, Reopened::Over, "it answered");
    assert_eq!(reopen("aasist", 4).await, Reopened::Open);
    assert_eq!(reopen("aasist", 4).await, Reopened::Open, "twice is harmless");
    let open = detail(stores, ada.id, run).await.run;
    assert_eq!((open.status, open.verdict, open.ended_at), (RunStatus::Processing, None, None));
    let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.verdict), (RunStatus::Processing, None));
    start(stores, run, "aasist", at(5)).await;
    let ended = end(stores, run, "aasist", &real(), at(6)).await;
    assert_eq!((ended.run, verdicts(&ended.events).len()), (Some(RunStatus::Analyzed), 1));

    // Failed again, and a newer run is under way.
    let (media, run) = under_way(stores, ada.id, &["aasist"]).await;
    end(stores, run, "aasist", &broken(), at(7)).await;
    let added = stores.runs.add_run(ada.id, media.id, &new_run(), None, at(8)).await.unwrap();
    assert!(matches!(added, AddRun::Added(..)));
    let reopen = async |run: RunId| stores.runs.reopen(run, &model("aasist"), at(9)).await.unwrap();
    assert_eq!(reopen(run).await, Reopened::Busy);
    assert_eq!(reopen(RunId::from(id())).await, Reopened::Over);
}

/// Not planned, or planned and without a movement; what moves or has ended is left alone.
pub async fn runs_that_stand_still_are_found(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, unplanned, _) = accepted(stores, &upload(ada.id, "a.mp4", MediaKind::Video), at(0)).await;
    let (media, still) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    end(stores, still, "aasist", &fake(), at(2)).await;
    let (_, moving) = under_way(stores, ada.id, &["clip-probe"]).await;
    stores.runs.progress(&[(moving, model("clip-probe"), None)], at(50)).await.unwrap();
    let (_, over) = under_way(stores, ada.id, &["clip-probe"]).await;
    end(stores, over, "clip-probe", &fake(), at(3)).await;
    let stalled = stores.runs.stalled(at(50), 9).await.unwrap();
    assert_eq!(stalled.iter().map(|run| run.id).collect::<Vec<_>>(), [unplanned, still]);
    assert!(stalled[0].models.is_empty());
    assert_eq!(stalled[1].models, [model("clip-probe")]);
    assert_eq!((stalled[1].media_id, stalled[1].place), (media.id, 5));
    assert_eq!(stores.runs.stalled(at(50), 1).await.unwrap().len(), 1);
    assert_eq!(stores.runs.stalled(at(51), 9).await.unwrap().len(), 3);
    // Looked at, it comes after those that were not, and only when time has passed again.
    stores.runs.progress(&[(still, model("clip-probe"), None)], at(60)).await.unwrap();
    stores.runs.wait(unplanned, &Waiting::NoServer, at(61)).await.unwrap();
    let order = |runs: Vec<StalledRun>| runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    assert_eq!(order(stores.runs.stalled(at(55), 9).await.unwrap()), [moving]);
    assert_eq!(order(stores.runs.stalled(at(70), 9).await.unwrap()), [moving, still, unplanned]);
}

/// Neither an unplanned run nor one with unfinished parts.
pub async fn the_safety_net_ends_nothing_that_is_under_way(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (_, unplanned, _) = accepted(stores, &upload(ada.id, "a.mp4", MediaKind::Video), at(0)).await;
    let (_, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    end(stores, run, "aasist", &fake(), at(2)).await;
    for run in [unplanned, run, RunId::from(id())] {
        let nothing = stores.runs.conclude(run, at(3)).await.unwrap();
        assert!(nothing.events.is_empty() && nothing.run.is_none());
    }
    assert!(stores.runs.to_plan(unplanned).await.unwrap().is_some());
}

/// By owner, from 1; what was published equals what is replayed.
pub async fn events_are_numbered_without_a_gap_and_replayed(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    under_way(stores, bob.id, &["clip-probe"]).await;
    let mut sent = Vec::new();
    let (_, run, events) = accepted(stores, &upload(ada.id, "a.mp4", MediaKind::Video), at(0)).await;
    sent.extend(events);
    planned(stores, run, &["aasist", "clip-probe"], at(1)).await;
    sent.extend(start(stores, run, "aasist", at(2)).await);
    sent.extend(end(stores, run, "aasist", &fake(), at(3)).await.events);
    sent.extend(start(stores, run, "clip-probe", at(4)).await);
    sent.extend(end(stores, run, "clip-probe", &broken(), at(5)).await.events);
    let numbers: Vec<_> = sent.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=6).map(Some).collect::<Vec<_>>());
    let library = &stores.library;
    assert_eq!(library.events_after(ada.id, 0, 100).await.unwrap(), sent);
    assert_eq!(library.events_after(ada.id, 2, 2).await.unwrap(), sent[2..4]);
    assert!(library.events_after(ada.id, 6, 9).await.unwrap().is_empty());
    assert!(library.events_after(ada.id, u64::MAX, 9).await.unwrap().is_empty());
    assert_eq!(library.last_event(ada.id).await.unwrap(), 6);
    assert_eq!(library.last_event(bob.id).await.unwrap(), 1);
    assert_eq!(stores.runs.forget_events(at(3)).await.unwrap(), 3, "two of this owner, one of the other");
    assert_eq!(library.events_after(ada.id, 0, 100).await.unwrap(), sent[2..]);
    assert_eq!(library.last_event(ada.id).await.unwrap(), 6);
}
