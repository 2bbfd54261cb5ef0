import OVRuntime
import Testing

@Suite struct OperatorsDetectionTests {
  private static func type(_ shape: String, _ element: ElementType = .f32) -> ValueType {
    ValueType(element, PartialShape(irText: shape)!)
  }

  // MARK: Suppression

  private static let boxes = Tensor([0, 0, 1, 1, 2, 2, 3, 3, 1, 0.5, 0, 0] as [Float], shape: [1, 3, 4])
  private static let scores = Tensor([0.9, 0.8, 0.7] as [Float], shape: [1, 1, 3])

  /// The third box covers half of the first.
  @Test(arguments: [(0.6, [0, 1, 2]), (0.5, [0, 1]), (0.4, [0, 1])] as [(Float, [Int])])
  func overlapDropsBoxes(threshold: Float, expected: [Int]) throws {
    let call = try OperatorCall("NonMaxSuppression", 9, outputs: 3)
    let outputs = try call(Self.boxes, Self.scores, .index(3), Tensor([threshold], shape: []))
    #expect(outputs[0].ints() == expected.flatMap { [0, 0, $0] })
    #expect(outputs[2].ints() == [expected.count])
  }

  @Test func noLimitMeansNoBox() throws {
    #expect(try OperatorCall("NonMaxSuppression", 5, outputs: 3)(Self.boxes, Self.scores)[0].shape == [0, 3])
    #expect(try OperatorCall("NonMaxSuppression", 1)(Self.boxes, Self.scores, .index(-1))[0].shape == [0, 3])
  }

  @Test func suppressionTypesHaveBounds() throws {
    let call = try OperatorCall("NonMaxSuppression", 9, ["output_type": "i32"], outputs: 3)
    let types = [Self.type("2,10,4"), Self.type("?,3,10"), Self.type("", .i64)]
    #expect(try call.infer(types, values: [2: .index(4)]).map(\.description) == ["i32[0..24,3]", "f32[0..24,3]", "i32[1]"])
    #expect(try call.infer(types)[0].shape.irText == "0..60,3")
    #expect(try call.infer([Self.type("..."), Self.type("..."), Self.type("", .i64)])[0].shape.irText == "?,3")
    #expect(throws: OVError.self) { try call.infer([Self.type("2,10,5"), Self.type("2,3,10")]) }
    #expect(throws: OVError.self) { try OperatorCall("NonMaxSuppression", 9, ["box_encoding": "corners"]) }
    #expect(throws: OVError.self) { try OperatorCall("NonMaxSuppression", 9, ["output_type": "i8"]) }
  }

  /// What OpenVINO keeps of three boxes that overlap by about 0.17, 0.28 and 0.32, the last but one when angles turn the other way.
  @Test(
    arguments: [
      ("true", 0.15, [0]), ("true", 0.2, [0, 1]), ("true", 0.3, [0, 1]), ("true", 0.35, [0, 1, 2]), ("false", 0.15, [0]),
      ("false", 0.25, [0, 1]), ("false", 0.3, [0, 1, 2]),
    ] as [(String, Float, [Int])])
  func rotatedBoxesOverlap(clockwise: String, threshold: Float, expected: [Int]) throws {
    let boxes = Tensor([0, 0, 4, 1, 0.3, 0.5, 0.8, 4, 1, -0.4, 1, 0.2, 3, 2, 1] as [Float], shape: [1, 3, 5])
    let call = try OperatorCall("NMSRotated", 13, ["clockwise": clockwise], outputs: 3)
    let outputs = try call(boxes, Self.scores, .index(3), Tensor([threshold], shape: []), Tensor([0] as [Float], shape: []))
    #expect(outputs[0].ints() == expected.flatMap { [0, 0, $0] })
  }

  @Test func equalRotatedBoxesOverlapWholly() throws {
    let box: [Float] = [3, 2, 5, 1, 0.7]
    let call = try OperatorCall("NMSRotated", 13, outputs: 3)
    let scores = Tensor([0.9, 0.8] as [Float], shape: [1, 1, 2])
    let threshold = Tensor([0.999] as [Float], shape: [])
    let zero = Tensor([0] as [Float], shape: [])
    #expect(try call(Tensor(box + box, shape: [1, 2, 5]), scores, .index(9), threshold, zero)[0].shape == [1, 3])
    let apart = Tensor(box + [30, 2, 5, 1, 0.7], shape: [1, 2, 5])
    #expect(try call(apart, scores, .index(9), zero, zero)[0].shape == [2, 3])
  }

  /// Boxes of two images, two and one, each class with boxes of its own.
  @Test func classesMayHaveTheirOwnBoxes() throws {
    let call = try OperatorCall("MulticlassNms", 9, ["iou_threshold": "0.5", "sort_result_type": "classid"], outputs: 3)
    let boxes = Tensor((0..<24).map { Float($0 % 4 < 2 ? $0 : $0 + 2) }, shape: [2, 3, 4])
    let scores = Tensor([0.5, 0.6, 0.7, 0.9, 0.1, 0.2] as [Float], shape: [2, 3])
    let outputs = try call(boxes, scores, .indices(2, 1))
    #expect(outputs[1].ints() == [2, 0, 1, 3, 4, 5])
    #expect(outputs[2].ints() == [4, 2])
    #expect(throws: OVError.self) { try call(boxes, scores, .indices(2, 2)) }
    #expect(throws: OVError.self) { try OperatorCall("MulticlassNms", 8, outputs: 3)(boxes, scores, .indices(2, 1)) }
  }

  @Test func limitsBoundTypes() throws {
    let call = try OperatorCall("MatrixNms", 8, ["keep_top_k": "4"], outputs: 3)
    #expect(try call.infer([Self.type("2,5,4"), Self.type("2,3,5")]).map(\.shape.irText) == ["0..8,6", "0..8,1", "2"])
    let open = try OperatorCall("MatrixNms", 8, ["nms_top_k": "2"], outputs: 3)
    #expect(try open.infer([Self.type("2,5,4"), Self.type("2,3,5")]).map(\.shape.irText) == ["0..12,6", "0..12,1", "2"])
    #expect(throws: OVError.self) { try OperatorCall("MatrixNms", 8, ["decay_function": "cubic"]) }
  }

  // MARK: Detections

  @Test func detectionOutputCountsRows() throws {
    var attributes: Attributes = ["keep_top_k": "-1", "nms_threshold": "0.5", "normalized": "true"]
    func rows(_ shapes: String...) throws -> String {
      try OperatorCall("DetectionOutput", 8, attributes).infer(shapes.map { Self.type($0) })[0].shape.irText
    }
    #expect(try rows("2,20", "2,15", "1,2,20") == "1,1,30,7")
    #expect(try rows("?,20", "?,15", "1,2,20") == "1,1,?,7")
    #expect(throws: OVError.self) { try rows("2,20", "2,14", "1,2,20") }
    #expect(throws: OVError.self) { try rows("2,20", "2,15", "1,1,20") }
    #expect(throws: OVError.self) { try rows("2,20", "2,15", "3,2,20") }
    attributes["top_k"] = "4"
    #expect(try rows("2,20", "2,15", "1,2,20") == "1,1,24,7")
    attributes["keep_top_k"] = "6"
    #expect(try rows("2,?", "2,15", "...") == "1,1,12,7")
  }

  /// One prior and two classes; objectness below the threshold makes it background, above it the prior is refined twice.
  @Test(arguments: [(0.2, [-1, 0, 0, 0, 0, 0, 0]), (0.9, [0, 1, 0.75, 0.5, 0.5, 1.5, 1.5])] as [(Float, [Float])])
  func objectnessRefinesPriors(objectness: Float, expected: [Float]) throws {
    let call = try OperatorCall(
      "DetectionOutput", 8,
      ["keep_top_k": "1", "nms_threshold": "0.5", "normalized": "true", "objectness_score": "0.5", "variance_encoded_in_target": "true"])
    let quarter = Tensor([Float](repeating: 0.25, count: 4), shape: [1, 4])
    let outputs = try call(
      quarter, Tensor([0.25, 0.75] as [Float], shape: [1, 2]), Tensor([0, 0, 1, 1] as [Float], shape: [1, 1, 4]),
      Tensor([1 - objectness, objectness], shape: [1, 2]), quarter)
    #expect(outputs[0].array(of: Float.self) == expected)
  }

  @Test func proposalsAreChecked() throws {
    var attributes: Attributes = [
      "base_size": "16", "pre_nms_topn": "10", "post_nms_topn": "5", "nms_thresh": "0.7", "feat_stride": "16", "min_size": "1",
      "ratio": "1", "scale": "1,2",
    ]
    let call = try OperatorCall("Proposal", 4, attributes, outputs: 2)
    #expect(try call.infer([Self.type("3,4,2,2"), Self.type("?,8,?,?"), Self.type("3")]).map(\.shape.irText) == ["15,5", "15"])
    #expect(throws: OVError.self) { try call.infer([Self.type("3,6,2,2"), Self.type("3,8,2,2"), Self.type("3")]) }
    #expect(throws: OVError.self) { try call.infer([Self.type("3,4,2,2"), Self.type("3,8,2,2"), Self.type("2")]) }
    attributes["framework"] = "caffe"
    #expect(throws: OVError.self) { try OperatorCall("Proposal", 4, attributes) }
  }

  @Test func priorBoxesAreCounted() throws {
    let call = try OperatorCall(
      "PriorBox", 8, ["offset": "0.5", "min_size": "10,20", "max_size": "15,30", "aspect_ratio": "2,2,3", "flip": "true"])
    let types = [Self.type("2", .i64), Self.type("2", .i64)]
    #expect(try call.infer(types, values: [0: .indices(3, 4)])[0].shape.irText == "2,576")
    #expect(try call.infer(types)[0].shape.irText == "2,?")
    #expect(throws: OVError.self) { try call.infer(types, values: [0: .indices(3, 0)]) }
    #expect(throws: OVError.self) { try OperatorCall("PriorBox", 8, ["min_size": "10"]) }
    #expect(throws: OVError.self) { try OperatorCall("PriorBox", 8, ["offset": "0", "variance": "0.1,0.2"]) }
    #expect(throws: OVError.self) { try OperatorCall("PriorBoxClustered", 1, ["offset": "0", "width": "1,2", "height": "1"]) }
  }

  // MARK: Regions

  @Test func pooledTypes() throws {
    let align = try OperatorCall(
      "ROIAlign", 9, ["pooled_h": "3", "pooled_w": "2", "sampling_ratio": "0", "spatial_scale": "1", "mode": "avg"])
    #expect(try align.infer([Self.type("..."), Self.type("?,4"), Self.type("7", .i32)])[0].shape.irText == "?,?,3,2")
    #expect(throws: OVError.self) { try align.infer([Self.type("1,2,3,4"), Self.type("7,5"), Self.type("7", .i32)]) }
    #expect(throws: OVError.self) { try align.infer([Self.type("1,2,3,4"), Self.type("7,4"), Self.type("6", .i32)]) }
    let psroi = try OperatorCall("PSROIPooling", 1, ["output_dim": "2", "group_size": "3", "spatial_scale": "1"])
    #expect(try psroi.infer([Self.type("1,18,4,4"), Self.type("5,5")])[0].shape.irText == "5,2,3,3")
    #expect(throws: OVError.self) { try psroi.infer([Self.type("1,17,4,4"), Self.type("5,5")]) }
    let yolo = try OperatorCall("RegionYolo", 1, ["coords": "4", "classes": "3", "num": "2", "axis": "1", "end_axis": "-1"])
    #expect(try yolo.infer([Self.type("2,16,3,3")])[0].shape.irText == "2,144")
    #expect(throws: OVError.self) { try yolo.infer([Self.type("2,15,3,3")]) }
  }

  @Test func regionsLieInImages() throws {
    let data = Tensor.counting([1, 1, 2, 2])
    let pool = try OperatorCall("ROIPooling", 2, ["pooled_h": "1", "pooled_w": "1", "spatial_scale": "1"])
    #expect(try pool(data, Tensor([0, 0, 0, 1, 1, -1, 0, 0, 1, 1] as [Float], shape: [2, 5]))[0].array(of: Float.self) == [3, 0])
    #expect(throws: OVError.self) { try pool(data, Tensor([1, 0, 0, 1, 1] as [Float], shape: [1, 5])) }
    let align = try OperatorCall(
      "ROIAlign", 3, ["pooled_h": "1", "pooled_w": "1", "sampling_ratio": "0", "spatial_scale": "1", "mode": "avg"])
    #expect(throws: OVError.self) { try align(data, Tensor([0, 0, 1, 1] as [Float], shape: [1, 4]), .indices(1)) }
    #expect(throws: OVError.self) { try align(data, Tensor([0, 0, 1e9, 1] as [Float], shape: [1, 4]), .indices(0)) }
  }

  @Test func gridsOfPriors() throws {
    let call = try OperatorCall("ExperimentalDetectronPriorGridGenerator", 6, ["flatten": "false", "w": "4"])
    #expect(try call.infer([Self.type("3,4"), Self.type("1,8,2,2"), Self.type("...")])[0].shape.irText == "2,4,3,4")
    let top = try OperatorCall("ExperimentalDetectronTopKROIs", 6, ["max_rois": "3"])
    let rows = try top(Tensor.counting([2, 4]), Tensor([0.1, 0.2] as [Float], shape: [2]))[0]
    #expect(rows.array(of: Float.self) == [4, 5, 6, 7, 0, 1, 2, 3, 0, 0, 0, 0])
  }
}
