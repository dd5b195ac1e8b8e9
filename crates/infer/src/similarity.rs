//! The turn, size and shift that bring points best onto others.

/// A place in pixels or in any other unit.
pub(crate) type Point = (f32, f32);

/// `x' = a x - b y + c`, `y' = b x + a y + d`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Similarity {
    a: f32,
    b: f32,
    c: f32,
    d: f32,
}

impl Similarity {
    /// The one that leaves the least squares between `from`, once it is moved, and `to` (Umeyama 1991, for two axes and without a
    /// mirror). `None` where all points of `from` or of `to` fall together.
    pub(crate) fn of<const N: usize>(from: &[Point; N], to: &[Point; N]) -> Option<Self> {
        let (middle, goal) = (middle(from), middle(to));
        let (mut along, mut across, mut length) = (0.0, 0.0, 0.0);
        for (f, t) in from.iter().zip(to) {
            let (fx, fy, tx, ty) = (f.0 - middle.0, f.1 - middle.1, t.0 - goal.0, t.1 - goal.1);
            along += fx * tx + fy * ty;
            across += fx * ty - fy * tx;
            length += fx * fx + fy * fy;
        }
        let (a, b) = (along / length, across / length);
        let usable = a.is_finite() && b.is_finite() && a.hypot(b) > 0.0;
        let (c, d) = (goal.0 - a * middle.0 + b * middle.1, goal.1 - b * middle.0 - a * middle.1);
        usable.then_some(Self { a, b, c, d })
    }

    /// How many times as large things become.
    pub(crate) fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }

    pub(crate) fn apply(&self, (x, y): Point) -> Point {
        (self.a * x - self.b * y + self.c, self.b * x + self.a * y + self.d)
    }

    /// The way back.
    pub(crate) fn inverse(&self) -> Self {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        Self { a, b, c: b * self.d - a * self.c, d: -b * self.c - a * self.d }
    }
}

fn middle<const N: usize>(points: &[Point; N]) -> Point {
    let sum = points.iter().fold((0.0, 0.0), |sum, p| (sum.0 + p.0, sum.1 + p.1));
    (sum.0 / N as f32, sum.1 / N as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Point, wanted: Point) -> bool {
        (found.0 - wanted.0).abs() < 1e-3 && (found.1 - wanted.1).abs() < 1e-3
    }

    #[test]
    fn a_quarter_turn_at_double_size_is_found_and_undone() {
        let from = [(0.0, 0.0), (4.0, 0.0), (0.0, 2.0)];
        let found = Similarity::of(&from, &from.map(|(x, y)| (10.0 - 2.0 * y, 20.0 + 2.0 * x))).unwrap();
        assert!((found.scale() - 2.0).abs() < 1e-5);
        assert!(near(found.apply((1.0, 1.0)), (8.0, 22.0)));
        assert!(near(found.inverse().apply((8.0, 22.0)), (1.0, 1.0)));
    }

    #[test]
    fn five_points_are_fitted_as_numpy_fits_them() {
        let seen = [(201.0, 118.0), (244.5, 109.0), (229.0, 141.0), (213.0, 160.5), (247.0, 153.0)];
        let goal = [
            (38.2946, 51.6963),
            (73.5318, 51.5014),
            (56.0252, 71.7366),
            (41.5493, 92.3655),
            (70.7299, 92.2041),
        ];
        let found = Similarity::of(&seen, &goal).unwrap();
        // numpy.linalg.lstsq on two equations a point: 0.85215646, 0.15378072, -116.3678274, -79.14099053.
        assert!((found.a - 0.852_156).abs() < 1e-5 && (found.b - 0.153_781).abs() < 1e-5, "{found:?}");
        assert!(near(found.apply((220.0, 130.0)), (51.115_1, 65.471_1)), "{found:?}");
    }

    #[test]
    fn points_that_fall_together_have_none() {
        let (apart, together) = ([(0.0, 0.0), (1.0, 2.0)], [(5.0, 5.0); 2]);
        assert_eq!(Similarity::of(&together, &apart), None);
        assert_eq!(Similarity::of(&apart, &together), None);
    }
}
