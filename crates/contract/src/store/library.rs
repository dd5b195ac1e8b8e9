//! Media as their owners see them.

use dk_app::ports::{ErrandKind, Media, MediaFilter, MediaPage, MediaSort, RunDetail};
use dk_domain::{AnalysisId, MediaId, MediaKind, Prediction, RunId, RunStatus, UserId};

use super::Stores;
use super::world::{accepted, at, end, fake, id, member, model, planned, real, start, under_way, upload};

/// Names in order, read in parts of `limit`.
async fn in_parts(
    stores: &Stores,
    owner: UserId,
    filter: &MediaFilter,
    sort: MediaSort,
    limit: u16,
) -> Vec<Media> {
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = MediaPage { limit, sort, after };
        let part = stores.library.media(owner, filter, &page).await.unwrap();
        assert!(part.items.len() <= usize::from(limit));
        seen.extend(part.items);
        after = part.next;
        if after.is_none() {
            return seen;
        }
    }
}

async fn names(stores: &Stores, owner: UserId, filter: &MediaFilter) -> Vec<String> {
    let all = in_parts(stores, owner, filter, MediaSort::Newest, 100).await;
    all.into_iter().map(|media| media.filename).collect()
}

/// Parts follow one another without an overlap, and the last one says so.
pub async fn media_are_listed_newest_first_in_parts(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let mut all: Vec<Media> = Vec::new();
    for n in 0..5 {
        let new = upload(ada.id, &format!("{n}.jpg"), MediaKind::Image);
        all.insert(0, accepted(stores, &new, at(n)).await.0);
    }
    assert_eq!(in_parts(stores, ada.id, &MediaFilter::default(), MediaSort::Newest, 2).await, all);
    let exact = MediaPage { limit: 5, sort: MediaSort::Newest, after: None };
    let part = stores.library.media(ada.id, &MediaFilter::default(), &exact).await.unwrap();
    assert_eq!((part.items.len(), part.next), (5, None));
}

/// In every order, in parts of every length; what is alike follows by id. A name is its letters, not their case, and
/// an order holds although something between two parts was removed or described anew.
pub async fn media_are_listed_in_the_order_that_is_asked_for(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let sizes = [
        ("beta.jpg", 5),
        ("Alpha.jpg", 9),
        ("ägypten.jpg", 5),
        ("alpha.jpg", 7),
        ("Zoo_1.jpg", 6_000_000_000),
    ];
    for (n, (name, bytes)) in (0..).zip(sizes) {
        let mut new = upload(ada.id, name, MediaKind::Image);
        new.facts.bytes = bytes;
        accepted(stores, &new, at(n)).await;
    }
    for (sort, expected) in [
        (MediaSort::Newest, ["Zoo_1.jpg", "alpha.jpg", "ägypten.jpg", "Alpha.jpg", "beta.jpg"]),
        (MediaSort::Oldest, ["beta.jpg", "Alpha.jpg", "ägypten.jpg", "alpha.jpg", "Zoo_1.jpg"]),
        (MediaSort::Name, ["Alpha.jpg", "alpha.jpg", "beta.jpg", "Zoo_1.jpg", "ägypten.jpg"]),
        (MediaSort::Largest, ["Zoo_1.jpg", "Alpha.jpg", "alpha.jpg", "ägypten.jpg", "beta.jpg"]),
    ] {
        for limit in [1, 2, 3, 100] {
            let found = in_parts(stores, ada.id, &MediaFilter::default(), sort, limit).await;
            let found: Vec<&str> = found.iter().map(|media| media.filename.as_str()).collect();
            assert_eq!(found, expected, "{sort:?} in parts of {limit}");
        }
    }
    let first = MediaPage { limit: 2, sort: MediaSort::Name, after: None };
    let part = stores.library.media(ada.id, &MediaFilter::default(), &first).await.unwrap();
    stores.library.remove(ada.id, part.items[1].id, at(9)).await.unwrap();
    let next = MediaPage { after: part.next, ..first };
    let part = stores.library.media(ada.id, &MediaFilter::default(), &next).await.unwrap();
    assert_eq!(part.items[0].filename, "beta.jpg");
}

/// Each alone and together.
pub async fn a_filter_lets_through_what_it_names(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    for (name, kind) in [("a.jpg", MediaKind::Image), ("b.mp4", MediaKind::Video)] {
        let (_, run, _) = accepted(stores, &upload(ada.id, name, kind), at(0)).await;
        planned(stores, run, &["clip-probe"], at(1)).await;
        let how = if kind == MediaKind::Image { fake() } else { real() };
        end(stores, run, "clip-probe", &how, at(2)).await;
    }
    accepted(stores, &upload(ada.id, "c.mp4", MediaKind::Video), at(3)).await;
    let any = MediaFilter::default();
    assert_eq!(names(stores, ada.id, &any).await, ["c.mp4", "b.mp4", "a.jpg"]);
    let videos = MediaFilter { kind: Some(MediaKind::Video), ..any.clone() };
    assert_eq!(names(stores, ada.id, &videos).await, ["c.mp4", "b.mp4"]);
    let analyzed = MediaFilter { status: Some(RunStatus::Analyzed), ..any.clone() };
    assert_eq!(names(stores, ada.id, &analyzed).await, ["b.mp4", "a.jpg"]);
    let fakes = MediaFilter { verdict: Some(Prediction::Fake), ..any.clone() };
    assert_eq!(names(stores, ada.id, &fakes).await, ["a.jpg"]);
    let queued = MediaFilter { status: Some(RunStatus::Queued), kind: Some(MediaKind::Image), ..any };
    assert!(names(stores, ada.id, &queued).await.is_empty());
}

/// Per cent, underline and backslash mean themselves; name and description are both looked at.
pub async fn text_is_looked_for_literally_and_in_any_case(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    for name in ["100%.jpg", "1000.jpg", "a_b.jpg", "aXb.jpg", r"c\d.jpg", "ÄRGER.jpg"] {
        accepted(stores, &upload(ada.id, name, MediaKind::Image), at(0)).await;
    }
    let described = accepted(stores, &upload(ada.id, "z.jpg", MediaKind::Image), at(0)).await.0;
    stores.library.describe(ada.id, described.id, Some("From the Beach"), at(1)).await.unwrap();
    for (text, expected) in [
        ("0%", vec!["100%.jpg"]),
        ("a_B", vec!["a_b.jpg"]),
        (r"\D", vec![r"c\d.jpg"]),
        ("ärger", vec!["ÄRGER.jpg"]),
        ("the beach", vec!["z.jpg"]),
        ("'; drop table media; --", vec![]),
    ] {
        let filter = MediaFilter { text: Some(text.to_owned()), ..MediaFilter::default() };
        assert_eq!(names(stores, ada.id, &filter).await, expected, "looking for {text}");
    }
}

/// No call shows or changes what is another person's, whatever id it is given.
pub async fn what_belongs_to_somebody_else_is_not_there(stores: &Stores) {
    let (ada, eve) = (member(stores, "ada@example.org").await, member(stores, "eve@example.org").await);
    let (media, run, _) = accepted(stores, &upload(ada.id, "a.jpg", MediaKind::Image), at(0)).await;
    let analysis = planned(stores, run, &["clip-probe"], at(1)).await[0];
    end(stores, run, "clip-probe", &fake(), at(2)).await;
    let library = &stores.library;
    assert!(names(stores, eve.id, &MediaFilter::default()).await.is_empty());
    assert!(library.medium(eve.id, media.id).await.unwrap().is_none());
    assert!(library.medium_row(eve.id, media.id).await.unwrap().is_none());
    assert!(library.describe(eve.id, media.id, Some("mine"), at(3)).await.unwrap().is_none());
    assert!(library.remove(eve.id, media.id, at(3)).await.unwrap().is_none());
    assert!(library.run(eve.id, run).await.unwrap().is_none());
    assert!(library.analysis(eve.id, analysis).await.unwrap().is_none());
    assert!(library.payloads(eve.id, run).await.unwrap().is_empty());
    assert!(library.events_after(eve.id, 0, 9).await.unwrap().is_empty());
    assert_eq!(library.last_event(eve.id).await.unwrap(), 0);
    assert!(stores.runs.cancel(eve.id, run, at(3)).await.unwrap().is_none());
    let again = stores.runs.add_run(eve.id, media.id, &super::world::new_run(), None, at(3)).await.unwrap();
    assert!(matches!(again, dk_app::ports::AddRun::NoMedia));
    // And the owner still has all of it.
    let detail = library.medium(ada.id, media.id).await.unwrap().unwrap();
    assert_eq!((detail.media.description, detail.runs.len()), (None, 1));
    assert_eq!(library.payloads(ada.id, run).await.unwrap().len(), 1);
}

/// Set, changed, taken away.
pub async fn a_description_is_changed_by_its_owner(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let new = upload(ada.id, "a.jpg", MediaKind::Image);
    let (media, ..) = accepted(stores, &new, at(0)).await;
    for (now, text) in [(1, Some("one")), (2, Some("two")), (3, None)] {
        let described = stores.library.describe(ada.id, media.id, text, at(now)).await.unwrap().unwrap();
        let description = text.map(ToOwned::to_owned);
        let expected = Media { description, updated_at: at(now), ..media.clone() };
        assert_eq!(described, expected);
        assert_eq!(stores.library.medium_row(ada.id, media.id).await.unwrap(), Some(expected));
    }
    let nothing = MediaId::from(id());
    assert!(stores.library.describe(ada.id, nothing, Some("x"), at(4)).await.unwrap().is_none());
}

/// Runs, analyses and events go with it; jobs that still run find nothing to do.
pub async fn a_removed_medium_leaves_nothing_but_an_errand(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (kept, _) = under_way(stores, ada.id, &["clip-probe"]).await;
    let (media, run) = under_way(stores, ada.id, &["aasist", "clip-probe"]).await;
    start(stores, run, "clip-probe", at(2)).await;
    end(stores, run, "aasist", &real(), at(3)).await;
    let removed = stores.library.remove(ada.id, media.id, at(4)).await.unwrap().unwrap();
    assert_eq!(removed.key, media.key);
    assert_eq!(removed.runs, [(run, vec![model("clip-probe")])]);
    assert!(stores.library.remove(ada.id, media.id, at(5)).await.unwrap().is_none());
    assert!(stores.library.medium(ada.id, media.id).await.unwrap().is_none());
    assert!(stores.library.run(ada.id, run).await.unwrap().is_none());
    let events = stores.library.events_after(ada.id, 0, 100).await.unwrap();
    assert!(events.iter().all(|event| event.media_id == kept.id) && !events.is_empty());
    let over = stores.runs.start(run, &model("clip-probe"), at(6)).await.unwrap();
    assert!(matches!(over, dk_app::ports::Start::Over));
    let ended = end(stores, run, "clip-probe", &fake(), at(6)).await;
    assert!(ended.events.is_empty() && ended.run.is_none());
    let errands = stores.outbox.take(99, at(9), at(60)).await.unwrap();
    let removals: Vec<_> =
        errands.into_iter().filter(|errand| matches!(errand.kind, ErrandKind::RemoveFile(_))).collect();
    assert_eq!(removals.len(), 1);
    assert_eq!(removals[0].kind, ErrandKind::RemoveFile(media.key));
}

/// As JSON: the same numbers to the last digit, in order of model.
pub async fn payloads_come_back_as_they_were(stores: &Stores) {
    let ada = member(stores, "ada@example.org").await;
    let (media, run, _) = accepted(stores, &upload(ada.id, "a.jpg", MediaKind::Image), at(0)).await;
    let ids = planned(stores, run, &["clip-probe", "aasist", "zz"], at(1)).await;
    end(stores, run, "clip-probe", &fake(), at(2)).await;
    end(stores, run, "aasist", &real(), at(3)).await;
    let digits = |probability: f64| format!("{probability}");
    let payloads = stores.library.payloads(ada.id, run).await.unwrap();
    assert_eq!(payloads.len(), 2);
    assert!(payloads[0].contains(&digits(1.0 / 30.0)), "{payloads:?}");
    assert!(payloads[1].contains(&digits(1.0 - 1.0 / 30.0)), "{payloads:?}");
    let (of_run, analysis, payload) = stores.library.analysis(ada.id, ids[0]).await.unwrap().unwrap();
    assert_eq!((of_run.id, of_run.media_id, analysis.model), (run, media.id, model("clip-probe")));
    assert_eq!(payload.as_ref(), payloads.get(1));
    let (.., none) = stores.library.analysis(ada.id, ids[2]).await.unwrap().unwrap();
    assert_eq!(none, None);
    assert!(stores.library.analysis(ada.id, AnalysisId::from(id())).await.unwrap().is_none());
    let detail: RunDetail = stores.library.run(ada.id, run).await.unwrap().unwrap();
    let models: Vec<_> = detail.analyses.iter().map(|analysis| analysis.model.to_string()).collect();
    assert_eq!(models, ["aasist", "clip-probe", "zz"]);
    assert!(stores.library.run(ada.id, RunId::from(id())).await.unwrap().is_none());
}

/// Whoever owns them.
pub async fn media_that_exist_are_told_from_those_that_do_not(stores: &Stores) {
    let (ada, bob) = (member(stores, "ada@example.org").await, member(stores, "bob@example.org").await);
    let one = accepted(stores, &upload(ada.id, "a.jpg", MediaKind::Image), at(0)).await.0.id;
    let other = accepted(stores, &upload(bob.id, "b.jpg", MediaKind::Image), at(0)).await.0.id;
    let mut found = stores.library.existing(&[other, MediaId::from(id()), one]).await.unwrap();
    found.sort();
    assert_eq!(found, [one, other]);
    assert!(stores.library.existing(&[]).await.unwrap().is_empty());
}

/// Also when several processes sweep at once.
pub async fn a_store_has_a_mark_of_its_own_that_counts_sweeps(stores: &Stores) {
    let first = stores.library.mark().await.unwrap();
    assert_eq!(first.sweeps, 0);
    assert_eq!(stores.library.mark().await.unwrap(), first);
    let all = futures_util::future::join_all((0..5).map(|_| stores.library.begin_sweep())).await;
    let mut sweeps: Vec<u64> = Vec::new();
    for mark in all {
        let mark = mark.unwrap();
        assert_eq!(mark.installation, first.installation);
        sweeps.push(mark.sweeps);
    }
    sweeps.sort_unstable();
    assert_eq!(sweeps, [1, 2, 3, 4, 5]);
    assert_eq!(stores.library.mark().await.unwrap().sweeps, 5);
}
