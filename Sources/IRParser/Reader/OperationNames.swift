/// How layers of a file name operations, and how OpenVINO's classes and operation sets do.
struct OperationNames {
  /// What is known of one spelling of `type` and `version`.
  struct Resolved {
    /// The operation class's name; the spelling itself when no operation has it.
    var type: String
    var opset: String
    /// For locations: `Convolution (opset1)`.
    var description: String
  }

  private struct Spelling: Hashable {
    var type: String
    var opset: String
  }

  private var known: [Spelling: Resolved] = [:]

  /// Resolves the `type` and `version` of a layer. Spellings that were seen before cost a look-up.
  mutating func resolve(type: String, opset: String) -> Resolved {
    let spelling = Spelling(type: type, opset: opset)
    if let resolved = known[spelling] { return resolved }
    let type = OperationNames.canonicalType(type)
    let opset = OperationNames.opset(of: type, spelled: opset)
    let resolved = Resolved(type: type, opset: opset, description: "\(type) (\(opset))")
    known[spelling] = resolved
    return resolved
  }

  /// The spelling that the XML has for an operation class.
  static func xmlType(_ type: String) -> String { xmlSpellings.first { $0.type == type }?.xml ?? type }

  private static func canonicalType(_ spelled: String) -> String {
    if let special = xmlSpellings.first(where: { $0.xml == spelled }) { return special.type }
    return classNames[spelled.lowercased()] ?? spelled
  }

  /// Early files name a few operations in sets that do not have them.
  private static func opset(of type: String, spelled: String) -> String {
    switch spelled {
    case "opset1" where missingInOpset1.contains(type): "opset2"
    case "experimental" where adoptedByOpset6.contains(type), "extension" where adoptedByOpset6.contains(type): "opset6"
    default: spelled
    }
  }

  private static let xmlSpellings = [
    (xml: "Const", type: "Constant"), (xml: "ReLU", type: "Relu"), (xml: "PReLU", type: "PRelu"), (xml: "SoftMax", type: "Softmax"),
  ]

  private static let missingInOpset1: Set<String> = ["MVN", "ROIPooling", "ReorgYolo"]

  private static let adoptedByOpset6: Set<String> = [
    "ExperimentalDetectronDetectionOutput", "ExperimentalDetectronGenerateProposalsSingleImage",
    "ExperimentalDetectronPriorGridGenerator", "ExperimentalDetectronROIFeatureExtractor", "ExperimentalDetectronTopKROIs",
    "GRUCell", "RNNCell", "Proposal",
  ]

  /// The operation classes of opset1 to opset17, by their names in lower case.
  private static let classNames: [String: String] = {
    var names: [String: String] = [:]
    for name in classes { names[name.lowercased()] = name }
    return names
  }()

  private static let classes = [
    "Abs", "Acos", "Acosh", "AdaptiveAvgPool", "AdaptiveMaxPool", "Add", "Asin", "Asinh", "Assign", "Atan", "Atanh", "AvgPool",
    "BGRtoNV12", "BatchNormInference", "BatchToSpace", "BinaryConvolution", "BitwiseAnd", "BitwiseLeftShift", "BitwiseNot", "BitwiseOr",
    "BitwiseRightShift", "BitwiseXor", "Broadcast", "Bucketize", "CTCGreedyDecoder", "CTCGreedyDecoderSeqLen", "CTCLoss", "Ceiling",
    "Clamp", "Col2Im", "Concat", "Constant", "Convert", "ConvertLike", "ConvertPromoteTypes", "Convolution", "ConvolutionBackpropData",
    "Cos", "Cosh", "CumSum", "DFT", "DeformableConvolution", "DeformablePSROIPooling", "DepthToSpace", "DetectionOutput", "Divide",
    "Einsum", "Elu", "EmbeddingBagOffsets", "EmbeddingBagOffsetsSum", "EmbeddingBagPacked", "EmbeddingBagPackedSum",
    "EmbeddingSegmentsSum", "Equal", "Erf", "ErfInv", "Exp", "ExperimentalDetectronDetectionOutput",
    "ExperimentalDetectronGenerateProposalsSingleImage", "ExperimentalDetectronPriorGridGenerator",
    "ExperimentalDetectronROIFeatureExtractor", "ExperimentalDetectronTopKROIs", "ExtractImagePatches", "Eye", "FakeConvert",
    "FakeQuantize", "Floor", "FloorMod", "GRN", "GRUCell", "GRUSequence", "Gather", "GatherElements", "GatherND", "GatherTree", "Gelu",
    "GenerateProposals", "Greater", "GreaterEqual", "GridSample", "GroupConvolution", "GroupConvolutionBackpropData",
    "GroupNormalization", "GroupedMatMul", "HSigmoid", "HSwish", "HardSigmoid", "I420toBGR", "I420toRGB", "IDFT", "IRDFT", "ISTFT",
    "Identity", "If", "Interpolate", "Inverse", "IsFinite", "IsInf", "IsNaN", "LRN", "LSTMCell", "LSTMSequence", "Less", "LessEqual",
    "Log", "LogSoftmax", "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor", "Loop", "MVN", "MatMul", "MatrixNms", "MaxPool",
    "Maximum", "Minimum", "Mish", "Mod", "MulticlassNms", "Multinomial", "Multiply", "NMSRotated", "NV12toBGR", "NV12toRGB", "Negative",
    "NonMaxSuppression", "NonZero", "NormalizeL2", "NotEqual", "OneHot", "PRelu", "PSROIPooling", "Pad", "Parameter", "Power", "PriorBox",
    "PriorBoxClustered", "Proposal", "RDFT", "RGBtoNV12", "RNNCell", "RNNSequence", "ROIAlign", "ROIAlignRotated", "ROIPooling",
    "RandomUniform", "Range", "ReadValue", "ReduceL1", "ReduceL2", "ReduceLogicalAnd", "ReduceLogicalOr", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "RegionYolo", "Relu", "ReorgYolo", "Reshape", "Result", "Reverse", "ReverseSequence", "Roll",
    "Round", "STFT", "ScaledDotProductAttention", "ScatterElementsUpdate", "ScatterNDUpdate", "ScatterUpdate", "SearchSorted",
    "SegmentMax", "Select", "Selu", "ShapeOf", "ShuffleChannels", "Sigmoid", "Sign", "Sin", "Sinh", "Slice", "SliceScatter", "SoftPlus",
    "SoftSign", "Softmax", "SpaceToBatch", "SpaceToDepth", "SparseFillEmptyRows", "Split", "Sqrt", "SquaredDifference", "Squeeze",
    "StridedSlice", "StringTensorPack", "StringTensorUnpack", "Subtract", "Swish", "Tan", "Tanh", "TensorIterator", "Tile", "TopK",
    "Transpose", "Unique", "Unsqueeze", "VariadicSplit", "Xor",
  ]
}
