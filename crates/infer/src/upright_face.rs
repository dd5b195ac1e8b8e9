//! Cuts a face out upright: turned, scaled and shifted so that eyes, nose and mouth lie where a net was taught to see them.

use dk_media::Picture;

use crate::similarity::{Point, Similarity};

/// Both eyes, the tip of the nose, both corners of the mouth; the left of the picture first.
pub(crate) type FivePoints = [Point; 5];

/// Where they lie in a square of 112 pixels: the numbers that ArcFace (Deng et al., CVPR 2019) is published with, which
/// most face nets follow.
const TEMPLATE: FivePoints =
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)];
const TEMPLATE_SIDE: f32 = 112.0;
/// A large face is cut out so many times as large as it is needed, and what comes next makes it smaller without losing pixels.
const MOST: u32 = 4;

/// The square of the template, `margin` times as wide, at the face's own size but at least `side_px`; black outside the picture.
/// `None` where the points fall together.
pub(crate) fn upright(picture: &Picture, points: &FivePoints, margin: f32, side_px: u32) -> Option<Picture> {
    let within = |v: f32| 0.5 + (v / TEMPLATE_SIDE - 0.5) / margin;
    let goal = TEMPLATE.map(|(x, y)| (within(x), within(y)));
    // Fitted in the picture's pixels and then turned round, as the publishers of such nets do.
    let place = Similarity::of(points, &goal)?.inverse();
    let own_px = place.scale();
    if own_px < 1.0 {
        return None;
    }
    let side = own_px.round().clamp(side_px as f32, (MOST * side_px) as f32) as u32;
    let mut rgb = Vec::with_capacity(side as usize * side as usize * 3);
    for row in 0..side {
        for column in 0..side {
            let share = |at: u32| (at as f32 + 0.5) / side as f32;
            rgb.extend(mixed(picture, place.apply((share(column), share(row)))));
        }
    }
    Some(Picture { width_px: side, height_px: side, rgb })
}

/// The four pixels round a place by their distance from it; the middle of the first pixel is at 0.5.
fn mixed(picture: &Picture, (x, y): Point) -> [u8; 3] {
    let (x, y) = (x - 0.5, y - 0.5);
    let (left, top) = (x.floor(), y.floor());
    let (right_share, lower_share) = (x - left, y - top);
    let mut sum = [0.0; 3];
    for (dx, dy, share) in [
        (0.0, 0.0, (1.0 - right_share) * (1.0 - lower_share)),
        (1.0, 0.0, right_share * (1.0 - lower_share)),
        (0.0, 1.0, (1.0 - right_share) * lower_share),
        (1.0, 1.0, right_share * lower_share),
    ] {
        for (sum, value) in sum.iter_mut().zip(pixel(picture, left + dx, top + dy)) {
            *sum += share * f32::from(value);
        }
    }
    sum.map(|value| value.round() as u8)
}

/// Black outside the picture.
fn pixel(picture: &Picture, x: f32, y: f32) -> [u8; 3] {
    let inside = |v: f32, side: u32| (0.0..side as f32).contains(&v);
    if !inside(x, picture.width_px) || !inside(y, picture.height_px) {
        return [0; 3];
    }
    let at = (y as usize * picture.width_px as usize + x as usize) * 3;
    [picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth picture seen through a similarity: what is at `place` there is at `moved(place)` here.
    fn scene(side: u32, moved: &Similarity) -> Picture {
        let back = moved.inverse();
        let value = |v: f32| (127.0 + 100.0 * (v / 9.0).sin()).round() as u8;
        let rgb = (0..side).flat_map(|row| {
            (0..side).flat_map(move |column| {
                let (x, y) = back.apply((column as f32 + 0.5, row as f32 + 0.5));
                [value(x), value(y), value(x + y)]
            })
        });
        Picture { width_px: side, height_px: side, rgb: rgb.collect() }
    }

    fn largest_difference(a: &Picture, b: &Picture) -> u8 {
        assert_eq!((a.width_px, a.height_px), (b.width_px, b.height_px));
        a.rgb.iter().zip(&b.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
    }

    #[test]
    fn a_turned_face_is_cut_out_as_the_upright_one() {
        let still = Similarity::of(&[(0.0, 0.0), (1.0, 0.0)], &[(0.0, 0.0), (1.0, 0.0)]).unwrap();
        let turned = Similarity::of(&[(0.0, 0.0), (1.0, 0.0)], &[(120.0, 0.0), (120.87, 0.5)]).unwrap();
        let points = TEMPLATE.map(|(x, y)| (x + 40.0, y + 40.0));
        let straight = upright(&scene(200, &still), &points, 1.3, 160).unwrap();
        let found = upright(&scene(300, &turned), &points.map(|p| turned.apply(p)), 1.3, 160).unwrap();
        assert!(largest_difference(&straight, &found) <= 6, "{}", largest_difference(&straight, &found));
    }

    #[test]
    fn a_face_that_lies_as_the_template_is_cut_out_as_it_stands() {
        let still = Similarity::of(&[(0.0, 0.0), (1.0, 0.0)], &[(0.0, 0.0), (1.0, 0.0)]).unwrap();
        let scene = scene(200, &still);
        let points = TEMPLATE.map(|(x, y)| (x + 40.0, y + 30.0));
        let cut = crate::picture_input::crop(&scene, 40, 30, 112, 112);
        assert!(largest_difference(&upright(&scene, &points, 1.0, 112).unwrap(), &cut) <= 1);
        let wide = upright(&scene, &points, 4.0, 448).unwrap();
        assert_eq!(wide.width_px, 448);
        assert_eq!(wide.rgb[..3], [0; 3], "outside the picture");
        let inner = crate::picture_input::crop(&wide, 168, 168, 112, 112);
        assert!(largest_difference(&inner, &cut) <= 1);
    }

    #[test]
    fn a_large_face_keeps_its_size_up_to_a_limit_and_points_that_fall_together_are_no_face() {
        let picture = Picture { width_px: 2, height_px: 2, rgb: vec![9; 12] };
        let side = |factor: f32, side_px: u32| {
            let points = TEMPLATE.map(|(x, y)| (x * factor, y * factor));
            upright(&picture, &points, 1.0, side_px).map(|cut| cut.width_px)
        };
        assert_eq!((side(1.0, 50), side(1.0, 200), side(9.0, 50)), (Some(112), Some(200), Some(200)));
        assert_eq!(side(0.001, 50), None);
        assert_eq!(side(0.0, 50), None);
    }
}
