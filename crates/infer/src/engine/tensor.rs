//! The one form in which numbers go in and out of a net.

/// Numbers with a shape; row-major, the first axis is the batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Tensor {
    /// 32-bit floats.
    F32(Vec<usize>, Vec<f32>),
    /// 64-bit integers, as in sample rates and lengths.
    I64(Vec<usize>, Vec<i64>),
}

/// Numbers that are not what was promised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// Shape and length do not go together.
    #[error("{values} values do not fill the shape {shape:?}")]
    Shape {
        /// The shape.
        shape: Vec<usize>,
        /// How many values there are.
        values: usize,
    },
    /// The net answered with something else than 32-bit floats.
    #[error("expected 32-bit floats")]
    NotFloats,
    /// The batch axes of several tensors differ.
    #[error("expected {expected} rows, got the shape {shape:?}")]
    Rows {
        /// How many were expected.
        expected: usize,
        /// The shape that came.
        shape: Vec<usize>,
    },
    /// NaN or infinity in an answer.
    #[error("value {index} is not a finite number")]
    NotFinite {
        /// Where it stands.
        index: usize,
    },
}

impl Tensor {
    /// Floats, checked against their shape.
    pub fn floats(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Result<Self, TensorError> {
        let shape = shape.into();
        if volume(&shape) == Some(values.len()) {
            Ok(Self::F32(shape, values))
        } else {
            Err(TensorError::Shape { shape, values: values.len() })
        }
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::F32(shape, _) | Self::I64(shape, _) => shape,
        }
    }

    /// The values, if they are floats.
    pub fn as_floats(&self) -> Result<&[f32], TensorError> {
        match self {
            Self::F32(_, values) => Ok(values),
            Self::I64(..) => Err(TensorError::NotFloats),
        }
    }

    /// The values, if they are finite floats.
    pub fn into_finite_floats(self) -> Result<Vec<f32>, TensorError> {
        match self {
            Self::F32(_, values) => match values.iter().position(|v| !v.is_finite()) {
                None => Ok(values),
                Some(index) => Err(TensorError::NotFinite { index }),
            },
            Self::I64(..) => Err(TensorError::NotFloats),
        }
    }

    /// Puts tensors of one row each on top of each other.
    pub fn stack(rows: &[&Tensor]) -> Result<Self, TensorError> {
        let Some(first) = rows.first() else {
            return Err(TensorError::Shape { shape: vec![0], values: 0 });
        };
        let mut shape = first.shape().to_vec();
        let mut values = Vec::new();
        let mut count = 0;
        for row in rows {
            if row.shape().get(1..) != shape.get(1..) {
                return Err(TensorError::Rows { expected: 1, shape: row.shape().to_vec() });
            }
            count += row.shape().first().copied().unwrap_or(0);
            values.extend_from_slice(row.as_floats()?);
        }
        if let Some(batch) = shape.first_mut() {
            *batch = count;
        }
        Self::floats(shape, values)
    }

    /// Cuts a tensor of `rows` rows into single rows.
    pub fn split(self, rows: usize) -> Result<Vec<Self>, TensorError> {
        let shape = self.shape().to_vec();
        if rows == 0 || shape.first() != Some(&rows) {
            return Err(TensorError::Rows { expected: rows, shape });
        }
        let mut row_shape = shape;
        row_shape[0] = 1;
        let length = row_shape.iter().product();
        match self {
            Self::F32(_, values) => {
                Ok(values.chunks(length).map(|row| Self::F32(row_shape.clone(), row.to_vec())).collect())
            }
            Self::I64(..) => Err(TensorError::NotFloats),
        }
    }
}

/// How many values a shape holds; none for more than can be counted.
fn volume(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stacked_comes_apart_again() {
        let a = Tensor::floats([1, 2], vec![1.0, 2.0]).unwrap();
        let b = Tensor::floats([1, 2], vec![3.0, 4.0]).unwrap();
        let both = Tensor::stack(&[&a, &b]).unwrap();
        assert_eq!(both.shape(), [2, 2]);
        assert_eq!(both.split(2).unwrap(), [a, b]);
    }

    #[test]
    fn rows_of_another_length_and_numbers_that_are_none_are_refused() {
        let a = Tensor::floats([1, 2], vec![1.0, 2.0]).unwrap();
        let c = Tensor::floats([1, 3], vec![1.0, 2.0, f32::NAN]).unwrap();
        assert!(Tensor::stack(&[&a, &c]).is_err());
        assert!(Tensor::floats([2, 2], vec![1.0]).is_err());
        assert!(Tensor::floats([usize::MAX, 3], vec![1.0]).is_err());
        assert_eq!(c.into_finite_floats(), Err(TensorError::NotFinite { index: 2 }));
        assert!(a.split(2).is_err());
    }
}
