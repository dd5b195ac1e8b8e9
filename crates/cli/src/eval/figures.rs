//! From what was said of labelled files to numbers with intervals. Reads and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use dk_domain::{MediaKind, Prediction, Says, Vote, Weight, conclude_votes};
use dk_quality::{Case, Draw, Half, Ranking, Rate, Rounds, bootstrap, estimate, halves, reliability};
use dk_wire::{
    BinMessage, CurveMessage, EstimateMessage, JudgeMessage, KindQuality, Measured, Part, Proof, RateMessage,
    Rung, Subject, Words,
};

use super::kept::{Answer, KeptFile};
use super::pass::JudgedFile;

/// The fused verdict.
const VERDICT: &str = "verdict";
/// The verdict when what files declare of themselves is left out.
const UNDECLARED: &str = "verdict-without-declarations";
/// Bins of the reliability diagram.
const BINS: usize = 10;
/// Points of a curve that is kept.
const MAX_CURVE: usize = 200;
/// With fewer files of a class an area under a curve would be a guess.
const FEWEST: usize = 5;

/// How the numbers are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    pub rounds: Rounds,
    /// Rate of false alarms for which a threshold is chosen.
    pub false_alarm_target: f64,
}

/// One judge's word on one file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Said {
    /// `None` where the model failed.
    prediction: Option<Prediction>,
    /// Calibrated probability, or the raw score of an unrated model; `None` where it could not look.
    number: Option<f64>,
    rated: bool,
}

/// One file as one judge sees it.
struct Row<'a> {
    judged: &'a JudgedFile<'a>,
    said: Said,
    /// Numbers of source and group.
    stratum: usize,
    group: usize,
}

#[derive(Clone, Copy)]
enum Who<'a> {
    Verdict,
    Undeclared,
    Model(&'a str),
}

/// All numbers of one kind of media; `None` where there is no such file.
pub(crate) fn kind(
    files: &[JudgedFile<'_>],
    kind: MediaKind,
    judges: &[JudgeMessage],
    how: How,
) -> Option<KindQuality> {
    let files: Vec<&JudgedFile<'_>> = files.iter().filter(|file| file.kept.kind() == Some(kind)).collect();
    if files.is_empty() {
        return None;
    }
    let mut subjects = vec![subject(&files, Who::Verdict, VERDICT, "The verdict on the file", how)];
    let declared =
        files.iter().any(|file| said(&file.kept, Who::Verdict) != said(&file.kept, Who::Undeclared));
    if declared {
        let title = "The verdict, had the files said nothing of themselves";
        subjects.push(subject(&files, Who::Undeclared, UNDECLARED, title, how));
    }
    for judge in judges {
        subjects.push(subject(&files, Who::Model(&judge.name), &judge.name, &judge.title, how));
    }
    let synthetic = files.iter().filter(|file| file.file.synthetic).count();
    Some(KindQuality {
        kind: kind.as_str().to_owned(),
        real: files.len() - synthetic,
        synthetic,
        subjects: subjects.into_iter().flatten().collect(),
    })
}

/// `None` for a model that does not read this kind.
fn subject(files: &[&JudgedFile<'_>], who: Who<'_>, name: &str, title: &str, how: How) -> Option<Subject> {
    let (sources, groups) = (numbers(files, |f| f.file.source.clone()), numbers(files, group_of));
    let rows: Vec<Row<'_>> = files
        .iter()
        .filter_map(|judged| {
            let said = said(&judged.kept, who)?;
            let stratum = sources.get(&judged.file.source).copied().unwrap_or_default();
            Some(Row {
                judged,
                said,
                stratum,
                group: groups.get(&group_of(judged)).copied().unwrap_or_default(),
            })
        })
        .collect();
    let of = |synthetic| rows.iter().filter(move |row| row.judged.file.synthetic == synthetic);
    (!rows.is_empty()).then(|| Subject {
        name: name.to_owned(),
        title: title.to_owned(),
        rated: rows.iter().any(|row| row.said.rated),
        real: words(of(false)),
        synthetic: words(of(true)),
        measured: measured(&rows, how),
        sources: sources.keys().filter_map(|source| by_source(&rows, source, how)).collect(),
        generators: generators(files).iter().map(|generator| by_generator(&rows, generator, how)).collect(),
        ladder: ladder(&rows, who, how),
    })
}

/// A file without a group stands alone.
fn group_of(judged: &JudgedFile<'_>) -> String {
    match &judged.file.group {
        Some(group) => format!("group {group}"),
        None => format!("file {}", judged.file.name),
    }
}

fn numbers(files: &[&JudgedFile<'_>], word: impl Fn(&JudgedFile<'_>) -> String) -> BTreeMap<String, usize> {
    let words: BTreeSet<String> = files.iter().map(|file| word(file)).collect();
    words.into_iter().zip(0..).collect()
}

fn generators(files: &[&JudgedFile<'_>]) -> BTreeSet<String> {
    let synthetic = files.iter().filter(|file| file.file.synthetic);
    synthetic.map(|file| file.file.generator.clone()).collect()
}

/// What a judge says of a file; `None` where it does not read its kind.
fn said(kept: &KeptFile, who: Who<'_>) -> Option<Said> {
    match who {
        Who::Model(name) => model_said(kept.answers.get(name)?),
        Who::Verdict => Some(verdict_said(kept, |_| true)),
        Who::Undeclared => Some(verdict_said(kept, |vote| vote.weight != Weight::Declared)),
    }
}

fn model_said(answer: &Answer) -> Option<Said> {
    if answer.failure.is_some() {
        return Some(Said { prediction: None, number: None, rated: false });
    }
    let vote = answer.vote.as_ref().and_then(|vote| Vote::try_from(vote).ok())?;
    Some(match vote.says {
        Says::NotApplicable(_) => {
            let rated = vote.weight != Weight::Unrated;
            Said { prediction: Some(Prediction::NotApplicable), number: None, rated }
        }
        Says::Answer { probability, point, .. } => Said {
            prediction: Some(point.map_or(Prediction::Inconclusive, |point| point.prediction(probability))),
            number: if point.is_some() { Some(probability.get()) } else { answer.score },
            rated: point.is_some(),
        },
    })
}

fn verdict_said(kept: &KeptFile, counts: impl Fn(&Vote) -> bool) -> Said {
    let read = kept.answers.values().filter_map(|answer| answer.vote.as_ref());
    let votes: Vec<Vote> = read.filter_map(|vote| Vote::try_from(vote).ok()).filter(counts).collect();
    let failed = kept.answers.values().filter(|answer| answer.failure.is_some()).count();
    let verdict = conclude_votes(&votes, failed);
    let number = verdict.probability.map(dk_domain::Probability::get);
    Said { prediction: Some(verdict.prediction), number, rated: true }
}

fn words<'r>(rows: impl Iterator<Item = &'r Row<'r>>) -> Words {
    let mut words = Words::default();
    for row in rows {
        words.n += 1;
        match row.said.prediction {
            Some(Prediction::Fake) => words.fake += 1,
            Some(Prediction::Real) => words.real += 1,
            Some(Prediction::Inconclusive) => words.inconclusive += 1,
            Some(Prediction::NotApplicable) => words.not_applicable += 1,
            None => words.failed += 1,
        }
    }
    words.with_shares()
}

fn draws<'r>(rows: impl Iterator<Item = &'r Row<'r>>) -> Vec<Draw> {
    rows.filter_map(|row| {
        let case = Case { score: row.said.number?, synthetic: row.judged.file.synthetic };
        Some(Draw { case, stratum: row.stratum, group: row.group })
    })
    .collect()
}

fn measured(rows: &[Row<'_>], how: How) -> Option<Measured> {
    let draws = draws(rows.iter());
    let calibrated = rows.iter().all(|row| row.said.rated || row.said.number.is_none());
    let synthetic = draws.iter().filter(|draw| draw.case.synthetic).count();
    let cases: Vec<Case> = draws.iter().map(|draw| draw.case).collect();
    let measures = bootstrap(&draws, how.rounds).filter(|_| enough(&cases))?;
    let mut measured = Measured::new(draws.len() - synthetic, synthetic, measures, calibrated);
    if calibrated {
        measured.reliability = reliability(&cases, BINS).iter().filter_map(BinMessage::new).collect();
    }
    measured.curve = thinned(&Ranking::new(&cases)?);
    measured.proof = proof(&draws, how);
    Some(measured)
}

/// The ends and equal steps between.
fn thinned(ranking: &Ranking) -> Vec<CurveMessage> {
    let curve = ranking.curve();
    let step = curve.len().div_ceil(MAX_CURVE).max(1);
    let last = curve.len().saturating_sub(1);
    let kept = curve.into_iter().enumerate().filter(|(n, _)| n % step == 0 || *n == last);
    kept.map(|(_, point)| CurveMessage::from(point)).collect()
}

fn proof(draws: &[Draw], how: How) -> Option<Proof> {
    let split = halves(draws, how.rounds.seed);
    let half = |wanted: Half| -> Vec<Case> {
        let own = draws.iter().zip(&split).filter(|(_, half)| **half == wanted);
        own.map(|(draw, _)| draw.case).collect()
    };
    let (choose, prove) = (half(Half::Choose), half(Half::Prove));
    if !enough(&choose) || !enough(&prove) {
        return None;
    }
    let threshold = Ranking::new(&choose)?.threshold_at(how.false_alarm_target);
    let alarms = |synthetic: bool| {
        let own: Vec<&Case> = prove.iter().filter(|case| case.synthetic == synthetic).collect();
        let hits = own.iter().filter(|case| case.score >= threshold).count();
        Rate::new(hits, own.len()).map(RateMessage::from)
    };
    Some(Proof {
        chosen_on_real: choose.iter().filter(|case| !case.synthetic).count(),
        threshold: threshold.is_finite().then_some(threshold),
        false_alarms: alarms(false)?,
        found: alarms(true)?,
    })
}

fn enough(cases: &[Case]) -> bool {
    let synthetic = cases.iter().filter(|case| case.synthetic).count();
    synthetic >= FEWEST && cases.len() - synthetic >= FEWEST
}

fn auc(draws: &[Draw], how: How) -> Option<EstimateMessage> {
    let cases: Vec<Case> = draws.iter().map(|draw| draw.case).collect();
    if !enough(&cases) {
        return None;
    }
    estimate(draws, how.rounds, |cases| Some(Ranking::new(cases)?.auc())).map(EstimateMessage::from)
}

fn by_source(rows: &[Row<'_>], source: &str, how: How) -> Option<Part> {
    let own = |row: &&Row<'_>| row.judged.file.source == source;
    let of = |synthetic| rows.iter().filter(own).filter(move |row| row.judged.file.synthetic == synthetic);
    let (real, synthetic) = (words(of(false)), words(of(true)));
    let auc = auc(&draws(rows.iter().filter(own)), how);
    (real.n + synthetic.n > 0).then(|| Part { name: source.to_owned(), real, synthetic, auc })
}

/// Against all real files of the kind.
fn by_generator(rows: &[Row<'_>], generator: &str, how: How) -> Part {
    let own = |row: &&Row<'_>| row.judged.file.synthetic && row.judged.file.generator == generator;
    let against = rows.iter().filter(|row| !row.judged.file.synthetic || own(row));
    Part {
        name: generator.to_owned(),
        real: Words::default(),
        synthetic: words(rows.iter().filter(own)),
        auc: auc(&draws(against), how),
    }
}

/// One rung for each change of which there are copies.
fn ladder(rows: &[Row<'_>], who: Who<'_>, how: How) -> Vec<Rung> {
    let Some(most) = rows.iter().map(|row| &row.judged.copies).max_by_key(|copies| copies.len()) else {
        return Vec::new();
    };
    most.iter().map(|copy| rung(rows, who, how, copy.change)).collect()
}

fn rung(rows: &[Row<'_>], who: Who<'_>, how: How, change: &'static dk_media::Change) -> Rung {
    let mut copies: Vec<(&Row<'_>, Row<'_>)> = Vec::new();
    let mut left_out = 0;
    for row in rows {
        let came =
            row.judged.copies.iter().find(|copy| copy.change.name == change.name).map(|copy| &copy.came);
        match came.and_then(|came| came.as_ref().ok()).and_then(|kept| said(kept, who)) {
            Some(said) => copies.push((row, Row { said, ..*row })),
            None => left_out += 1,
        }
    }
    let share = |of: &dyn Fn(&Row<'_>) -> bool, becomes: &dyn Fn(&Row<'_>, &Row<'_>) -> bool| {
        let concerned: Vec<_> = copies.iter().filter(|(before, _)| of(before)).collect();
        let hits = concerned.iter().filter(|(before, after)| becomes(before, after)).count();
        Rate::new(hits, concerned.len()).map(RateMessage::from)
    };
    let is = |row: &Row<'_>, word: Prediction| row.said.prediction == Some(word);
    let found = |row: &Row<'_>| row.judged.file.synthetic && is(row, Prediction::Fake);
    Rung {
        name: change.name.to_owned(),
        what: change.what.to_owned(),
        n: copies.len(),
        left_out,
        changed: share(&|_| true, &|before, after| before.said.prediction != after.said.prediction),
        fake_to_real: share(&found, &|_, after| is(after, Prediction::Real)),
        fake_to_open: share(&found, &|_, after| !is(after, Prediction::Real) && !is(after, Prediction::Fake)),
        real_to_fake: share(&|row| !row.judged.file.synthetic && !is(row, Prediction::Fake), &|_, after| {
            is(after, Prediction::Fake)
        }),
        auc: auc(&draws(copies.iter().map(|(_, after)| after)), how),
    }
}
