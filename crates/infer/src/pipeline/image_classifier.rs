//! `image-classifier`: a net that looks at a whole picture, or at every frame of the spread.

use dk_app::StopToken;
use dk_domain::{Evidence, FrameScore, Heatmap, MediaKind, Outcome, Reason, Track};
use dk_media::Picture;

use super::{frame_spans, step_ms};
use crate::engine::Tensor;
use crate::judge::{Failure, Judge, Reading};
use crate::package::{Aggregate, Net, PictureRule};
use crate::picture_input::{Region, crop, tensor};
use crate::runner::Runner;
use crate::visual::Seen;

/// Rows and columns of the heat map; each cell is a tile of half the picture's sides, judged alone.
const GRID: u16 = 3;

/// A picture with a shorter side than this shows nothing that could be judged.
const MIN_SIDE_PX: u32 = 16;

pub(crate) struct ImageClassifier {
    pub runner: Runner,
    pub net: Net,
    pub rule: PictureRule,
    pub reading: Reading,
    pub aggregate: Aggregate,
    pub kind: MediaKind,
    /// Whether a heat map of a still picture is wanted.
    pub illustrate: bool,
    pub work: Work,
}

/// What has been seen so far.
#[derive(Default)]
pub(crate) struct Work {
    waiting: Vec<(FrameScore, Tensor)>,
    frames: Vec<FrameScore>,
    scores: Vec<f64>,
    heatmap: Option<Heatmap>,
    too_small: bool,
}

impl Judge<Seen> for ImageClassifier {
    fn see(&mut self, seen: &Seen, stop: &StopToken) -> Result<(), Failure> {
        if seen.window.is_some() {
            return Ok(());
        }
        if seen.picture.width_px.min(seen.picture.height_px) < MIN_SIDE_PX {
            self.work.too_small = true;
            return Ok(());
        }
        let frame =
            FrameScore { index: seen.index, time_ms: seen.time_ms, probability: None, faces: Vec::new() };
        self.work.waiting.push((frame, tensor(&seen.picture, &self.rule)?));
        if self.illustrate && self.kind == MediaKind::Image {
            self.work.heatmap = self.heatmap(&seen.picture, stop)?;
        }
        if self.work.waiting.len() >= self.runner.max_batch { self.run(stop) } else { Ok(()) }
    }

    fn conclude(&mut self, stop: &StopToken) -> Result<Outcome, Failure> {
        self.run(stop)?;
        let work = std::mem::take(&mut self.work);
        let Some(score) = self.aggregate.of(&work.scores) else {
            let reason = if work.too_small { Reason::ImageTooSmall } else { Reason::TooFewFrames };
            return Ok(Outcome::NotApplicable(vec![reason]));
        };
        let (spans, gap_ms) =
            (frame_spans(&work.frames, Track::Picture, &self.reading), step_ms(&work.frames));
        let evidence = match self.kind {
            MediaKind::Image => Evidence::Image { faces: Vec::new(), heatmap: work.heatmap },
            MediaKind::Video | MediaKind::Audio => Evidence::Video { frames: work.frames },
        };
        let spans = if self.kind == MediaKind::Image { Vec::new() } else { spans };
        self.reading.opinion(score, evidence, spans, gap_ms, Vec::new())
    }
}

impl ImageClassifier {
    fn run(&mut self, stop: &StopToken) -> Result<(), Failure> {
        let (frames, rows): (Vec<_>, Vec<_>) = std::mem::take(&mut self.work.waiting).into_iter().unzip();
        for (mut frame, score) in frames.into_iter().zip(self.scores(rows, stop)?) {
            frame.probability = Some(self.reading.probability(score)?);
            self.work.scores.push(score);
            self.work.frames.push(frame);
        }
        Ok(())
    }

    fn scores(&self, rows: Vec<Tensor>, stop: &StopToken) -> Result<Vec<f64>, Failure> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.runner.rows(&self.net.input, &self.net.output, rows, stop)?;
        answers.into_iter().map(|row| self.reading.score(row)).collect()
    }

    /// None for a picture whose tiles would be smaller than what the net looks at.
    fn heatmap(&self, picture: &Picture, stop: &StopToken) -> Result<Option<Heatmap>, Failure> {
        let (width, height) = (picture.width_px / 2, picture.height_px / 2);
        if width < self.rule.width_px / 2 || height < self.rule.height_px / 2 {
            return Ok(None);
        }
        let tiles = tiles(picture).map(|region| {
            let tile =
                crop(picture, i64::from(region.left), i64::from(region.top), region.width, region.height);
            tensor(&tile, &self.rule)
        });
        let rows = tiles.collect::<Result<Vec<_>, _>>()?;
        let scores = self.scores(rows, stop)?;
        let cells =
            scores.into_iter().map(|score| self.reading.probability(score)).collect::<Result<_, _>>()?;
        Ok(Some(Heatmap { rows: GRID, columns: GRID, cells }))
    }
}

/// Tiles of half the sides at steps of a quarter, row by row from the upper left.
fn tiles(picture: &Picture) -> impl Iterator<Item = Region> + use<> {
    let (width, height) = (picture.width_px / 2, picture.height_px / 2);
    let steps = u32::from(GRID) - 1;
    let (rest_x, rest_y) = (picture.width_px - width, picture.height_px - height);
    (0..=steps).flat_map(move |row| {
        (0..=steps).map(move |column| Region {
            left: rest_x * column / steps,
            top: rest_y * row / steps,
            width,
            height,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tiles_reach_every_corner_and_stay_inside() {
        let picture = Picture { width_px: 101, height_px: 67, rgb: vec![0; 101 * 67 * 3] };
        let tiles: Vec<_> = tiles(&picture).collect();
        assert_eq!(tiles.len(), 9);
        assert!(tiles.iter().all(|t| t.left + t.width <= 101 && t.top + t.height <= 67));
        assert_eq!((tiles[8].left + tiles[8].width, tiles[8].top + tiles[8].height), (101, 67));
    }
}
