/// The elements of one axis that a Python slice `start:stop:step` names.
struct SliceRange {
  /// The first element.
  let start: Int
  /// The distance between neighbours, negative when the axis is read backwards; 0 when there are not two of them.
  let step: Int
  let count: Int

  /// Counts negative bounds from the end of an axis of this extent and cuts what lies outside.
  ///
  /// - Throws: ``OVError/Code/invalidModel`` when the step is 0.
  init(start: Int, stop: Int, step: Int, extent: Int) throws {
    guard step != 0 else { throw OVError(.invalidModel, "a slice has step 0") }
    func bounded(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
      let counted = bound < 0 ? bound + extent : bound
      return min(max(counted, range.lowerBound), range.upperBound)
    }
    let range = step > 0 ? 0...extent : -1...(extent - 1)
    let first = bounded(start, range)
    let last = bounded(stop, range)
    let length = step > 0 ? last - first : first - last
    self.start = first
    count = length <= 0 ? 0 : (length - 1) / Int(clamping: step.magnitude) + 1
    self.step = count > 1 ? step : 0
  }

  /// The number of elements that a slice has on an axis of which the extent may be unknown.
  static func count(start: Int, stop: Int, step: Int, of extent: Dimension) throws -> Dimension {
    func count(_ extent: Int) throws -> Int { try SliceRange(start: start, stop: stop, step: step, extent: extent).count }
    if let length = extent.length { return Dimension(try count(length)) }
    // Beyond any extent in use, yet far from overflow.
    let far = 1 << 40
    // Where one bound counts from the end and the other from the front, a longer axis can mean a shorter slice.
    let opposed = step > 0 ? start < 0 && stop >= 0 : start >= 0 && stop < 0
    if opposed {
      let reach = step > 0 ? min(stop, Int(clamping: start.magnitude)) : min(start + 1, Int(clamping: stop.magnitude))
      return Dimension(lowerBound: 0, upperBound: min(reach, extent.upperBound ?? .max))
    }
    let lower = try count(min(extent.lowerBound, far))
    let open = extent.upperBound == nil && (step > 0 ? stop < 0 || stop >= Int32.max : start < 0 || start >= Int32.max)
    return Dimension(lowerBound: lower, upperBound: open ? nil : max(lower, try count(min(extent.upperBound ?? far, far))))
  }
}
