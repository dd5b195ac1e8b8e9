//! Faces, gathered over all models that looked at them, drawn and told.

use std::collections::BTreeMap;

use dk_domain::{Evidence, Face, FaceBox, Finding, ModelName, Opinion, Outcome, Probability};

use super::escape::text;
use super::reading::{Reader, Reading};
use super::{View, put, words};

/// Boxes that differ by less than this share of the picture are the same face.
const SAME_PLACE: f32 = 0.02;

/// One face at one moment.
pub(super) struct SeenFace<'a> {
    at: FaceBox,
    track: u32,
    said: Vec<Said<'a>>,
}

struct Said<'a> {
    title: &'a str,
    name: &'a ModelName,
    probability: Option<Probability>,
    reading: Reading,
}

/// Faces of a still picture.
pub(super) fn of_picture<'a>(view: &View<'a>) -> Vec<SeenFace<'a>> {
    let mut seen = Vec::new();
    for (finding, opinion) in answers(view) {
        if let Evidence::Image { faces, .. } = &opinion.evidence {
            add(&mut seen, faces, view, finding, opinion);
        }
    }
    seen
}

/// Faces of a video by the time of their frame; frames without faces are not in it.
pub(super) fn by_time<'a>(view: &View<'a>) -> BTreeMap<u64, Vec<SeenFace<'a>>> {
    let mut moments: BTreeMap<u64, Vec<SeenFace<'a>>> = BTreeMap::new();
    for (finding, opinion) in answers(view) {
        if let Evidence::Video { frames } = &opinion.evidence {
            for frame in frames.iter().filter(|frame| !frame.faces.is_empty()) {
                add(moments.entry(frame.time_ms).or_default(), &frame.faces, view, finding, opinion);
            }
        }
    }
    moments
}

/// Every finding with an answer.
pub(super) fn answers<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a Finding, &'a Opinion)> {
    view.report.findings.iter().filter_map(|finding| match &finding.outcome {
        Outcome::Answer(opinion) => Some((finding, opinion.as_ref())),
        Outcome::NotApplicable(_) => None,
    })
}

fn add<'a>(
    seen: &mut Vec<SeenFace<'a>>,
    faces: &[Face],
    view: &View<'a>,
    finding: &'a Finding,
    opinion: &Opinion,
) {
    let reader = Reader::new(opinion);
    for face in faces {
        let said = Said {
            title: view.title(finding),
            name: &finding.model.name,
            probability: face.probability,
            reading: reader.read(face.probability),
        };
        match seen.iter_mut().find(|known| known.track == face.track && same_place(known.at, face.at)) {
            Some(known) => known.said.push(said),
            None => seen.push(SeenFace { at: face.at, track: face.track, said: vec![said] }),
        }
    }
}

fn same_place(a: FaceBox, b: FaceBox) -> bool {
    let sides = [(a.x, b.x), (a.y, b.y), (a.width, b.width), (a.height, b.height)];
    sides.iter().all(|(a, b)| (a - b).abs() < SAME_PLACE)
}

impl SeenFace<'_> {
    /// Number of the person as people count.
    fn person(&self) -> u64 {
        u64::from(self.track) + 1
    }

    /// What the most suspicious model says; an unrated one speaks only where no other does.
    fn highest(&self) -> Option<&Said<'_>> {
        let rank = |said: &&Said<'_>| {
            let rated = said.probability.is_some() && said.reading != Reading::Unrated;
            (rated, said.probability.map_or(-1.0, Probability::get))
        };
        self.said.iter().max_by(|a, b| {
            let ((a_rated, a), (b_rated, b)) = (rank(a), rank(b));
            a_rated.cmp(&b_rated).then(a.total_cmp(&b))
        })
    }

    /// One line with all that is said, escaped.
    pub(super) fn told(&self) -> String {
        let said = self.said.iter().map(|said| {
            let chance = said.probability.map_or_else(String::new, |p| words::percent(p) + ", ");
            format!("{chance}{} ({})", said.reading.word(), text(said.title))
        });
        format!("Person {}: {}", self.person(), said.collect::<Vec<_>>().join("; "))
    }

    /// The same for narrow places.
    pub(super) fn told_briefly(&self) -> String {
        let said = self.said.iter().map(|said| match said.probability {
            Some(p) => format!("{} {}", said.name, words::percent(p)),
            None => format!("{} –", said.name),
        });
        format!("Person {}: {}", self.person(), said.collect::<Vec<_>>().join(", "))
    }

    fn label(&self) -> String {
        let highest = self.highest();
        let chance = highest.and_then(|said| said.probability).map_or_else(|| "–".to_owned(), words::percent);
        let note = if highest.is_some_and(|said| said.reading == Reading::Unrated) { " unrated" } else { "" };
        format!("{} · {chance}{note}", self.person())
    }
}

/// Boxes and labels in a drawing of this size; `letter` is the height of the writing.
pub(super) fn draw(out: &mut String, faces: &[SeenFace<'_>], (width, height): (f32, f32), letter: f32) {
    for face in faces {
        let (x, y) = (face.at.x * width, face.at.y * height);
        let (w, h) = (face.at.width * width, face.at.height * height);
        let class = face.highest().map_or(Reading::NotJudged, |said| said.reading).class();
        let above = y - letter * 0.4;
        let baseline = if above < letter { y + h + letter } else { above };
        put!(
            out,
            "<g class=\"face {class}\"><rect class=\"under\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>\
             <rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"{letter:.1}\">{}</text></g>",
            baseline.min(height - letter * 0.2),
            face.label()
        );
    }
}
