//! Writes tiny nets as ONNX files, so that every verdict can be had on purpose and every broken file starts
//! from a whole one. Knows as much of the format (onnx.proto, protocol buffers) as these nets need.

/// A net of a few operators over one input and one output.
#[derive(Debug, Clone)]
pub(crate) struct Net {
    pub(crate) input: &'static str,
    pub(crate) output: &'static str,
    /// Axes of the input; the first is free.
    pub(crate) input_shape: Vec<i64>,
    nodes: Vec<Node>,
    constants: Vec<Constant>,
}

#[derive(Debug, Clone)]
struct Node {
    operator: &'static str,
    inputs: Vec<&'static str>,
    output: &'static str,
    /// Lists of integers, and single integers.
    lists: Vec<(&'static str, Vec<i64>)>,
    numbers: Vec<(&'static str, i64)>,
}

/// A tensor inside the file. `bytes` need not fit `shape`, which is how a file lies.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) shape: Vec<i64>,
    pub(crate) bytes: Vec<u8>,
}

/// Types of numbers, by their code in the format.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Float = 1,
    Int64 = 7,
}

impl Net {
    fn new(input: &'static str, output: &'static str, input_shape: &[i64]) -> Self {
        Self { input, output, input_shape: input_shape.to_vec(), nodes: Vec::new(), constants: Vec::new() }
    }

    fn node(mut self, operator: &'static str, inputs: &[&'static str], output: &'static str) -> Self {
        let inputs = inputs.to_vec();
        self.nodes.push(Node { operator, inputs, output, lists: Vec::new(), numbers: Vec::new() });
        self
    }

    fn mean_over(mut self, input: &'static str, output: &'static str, axes: &[i64]) -> Self {
        let (lists, numbers) = (vec![("axes", axes.to_vec())], vec![("keepdims", 0)]);
        self.nodes.push(Node { operator: "ReduceMean", inputs: vec![input], output, lists, numbers });
        self
    }

    pub(crate) fn constant(mut self, constant: Constant) -> Self {
        self.constants.push(constant);
        self
    }

    /// The mean of all values of a picture: from -1 for black to 1 for white.
    pub(crate) fn brightness() -> Self {
        Self::new("image", "score", &[3, 8, 8]).mean_over("image", "score", &[1, 2, 3])
    }

    /// The mean of the absolute values of a window of sound.
    pub(crate) fn loudness() -> Self {
        Self::new("wave", "score", &[16_000]).node("Abs", &["wave"], "size").mean_over("size", "score", &[1])
    }

    /// Zero divided by zero, for every picture.
    pub(crate) fn not_a_number() -> Self {
        Self::new("image", "score", &[3, 8, 8])
            .mean_over("image", "mean", &[1, 2, 3])
            .node("Sub", &["mean", "mean"], "zero")
            .node("Div", &["zero", "zero"], "score")
    }

    /// A constant that claims to be `shape` and brings `bytes`, added to the brightness.
    pub(crate) fn with_constant(shape: &[i64], bytes: &[u8]) -> Self {
        Self::new("image", "score", &[3, 8, 8])
            .mean_over("image", "mean", &[1, 2, 3])
            .node("Add", &["mean", "offset"], "score")
            .constant(Constant {
                name: "offset",
                kind: Kind::Float,
                shape: shape.to_vec(),
                bytes: bytes.into(),
            })
    }

    /// Asks for a tensor of more values than any machine can hold.
    pub(crate) fn more_than_memory() -> Self {
        let shape: Vec<u8> = [1_i64 << 20, 1 << 20, 1 << 10].iter().flat_map(|n| n.to_le_bytes()).collect();
        Self::new("image", "score", &[3, 8, 8])
            .node("ConstantOfShape", &["shape"], "huge")
            .mean_over("huge", "few", &[0, 1])
            .mean_over("image", "mean", &[1, 2, 3])
            .node("Add", &["mean", "few"], "score")
            .constant(Constant { name: "shape", kind: Kind::Int64, shape: vec![3], bytes: shape })
    }

    /// Needs its own answer to begin.
    pub(crate) fn in_a_circle() -> Self {
        Self::new("image", "score", &[3, 8, 8])
            .node("Add", &["image", "b"], "a")
            .node("Abs", &["a"], "b")
            .mean_over("b", "score", &[1, 2, 3])
    }

    /// An operator that no engine knows.
    pub(crate) fn unknown_operator() -> Self {
        Self::new("image", "score", &[3, 8, 8]).node("Teleport", &["image"], "score")
    }

    /// Reads a tensor that nobody makes.
    pub(crate) fn dangling_input() -> Self {
        Self::new("image", "score", &[3, 8, 8]).node("Add", &["image", "nowhere"], "score")
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut graph = Vec::new();
        for node in &self.nodes {
            field(&mut graph, 1, &node.bytes());
        }
        field(&mut graph, 2, b"net");
        for constant in &self.constants {
            field(&mut graph, 5, &constant.encoded());
        }
        field(&mut graph, 11, &value_info(self.input, &self.input_shape));
        field(&mut graph, 12, &value_info(self.output, &[]));
        let mut opset = Vec::new();
        number(&mut opset, 2, 13);
        let mut model = Vec::new();
        number(&mut model, 1, 8);
        field(&mut model, 7, &graph);
        field(&mut model, 8, &opset);
        model
    }
}

impl Node {
    fn bytes(&self) -> Vec<u8> {
        let mut node = Vec::new();
        for input in &self.inputs {
            field(&mut node, 1, input.as_bytes());
        }
        field(&mut node, 2, self.output.as_bytes());
        field(&mut node, 4, self.operator.as_bytes());
        for (name, values) in &self.lists {
            let mut attribute = named(name, 7);
            for value in values {
                number(&mut attribute, 8, *value);
            }
            field(&mut node, 5, &attribute);
        }
        for (name, value) in &self.numbers {
            let mut attribute = named(name, 2);
            number(&mut attribute, 3, *value);
            field(&mut node, 5, &attribute);
        }
        node
    }
}

/// An attribute with its name and the code of its type.
fn named(name: &str, kind: i64) -> Vec<u8> {
    let mut attribute = Vec::new();
    field(&mut attribute, 1, name.as_bytes());
    number(&mut attribute, 20, kind);
    attribute
}

impl Constant {
    fn encoded(&self) -> Vec<u8> {
        let mut tensor = Vec::new();
        for side in &self.shape {
            number(&mut tensor, 1, *side);
        }
        number(&mut tensor, 2, self.kind as i64);
        field(&mut tensor, 8, self.name.as_bytes());
        field(&mut tensor, 9, &self.bytes);
        tensor
    }
}

fn value_info(name: &str, sides: &[i64]) -> Vec<u8> {
    let mut shape = Vec::new();
    let mut batch = Vec::new();
    field(&mut batch, 2, b"n");
    field(&mut shape, 1, &batch);
    for side in sides {
        let mut dimension = Vec::new();
        number(&mut dimension, 1, *side);
        field(&mut shape, 1, &dimension);
    }
    let mut tensor = Vec::new();
    number(&mut tensor, 1, Kind::Float as i64);
    field(&mut tensor, 2, &shape);
    let mut kind = Vec::new();
    field(&mut kind, 1, &tensor);
    let mut info = Vec::new();
    field(&mut info, 1, name.as_bytes());
    field(&mut info, 2, &kind);
    info
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn number(out: &mut Vec<u8>, tag: u64, value: i64) {
    varint(out, tag << 3);
    varint(out, value.cast_unsigned());
}

fn field(out: &mut Vec<u8>, tag: u64, bytes: &[u8]) {
    varint(out, tag << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
