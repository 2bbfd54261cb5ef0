/// Places buffers that live at different times in the same bytes.
enum MemoryPlanner {
  /// A buffer's size and the first and last step that touch it.
  struct Request {
    var byteCount: Int
    var firstStep: Int
    var lastStep: Int
  }

  static let alignment = 64

  /// `byteCount` rounded up to the alignment.
  static func aligned(_ byteCount: Int) -> Int { (byteCount + alignment - 1) / alignment * alignment }

  /// The offset of each buffer in an arena, and the arena's size: largest first, each at the lowest offset where it overlaps no
  /// buffer that lives at the same time (greedy by size; Pisarchyk & Lee, "Efficient Memory Management for Deep Neural Net
  /// Inference", 2020). O(n²).
  static func place(_ requests: [Request]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: requests.count)
    /// Sorted by offset.
    var placed: [Int] = []
    var total = 0
    let order = requests.indices.filter { requests[$0].byteCount > 0 }.sorted {
      (requests[$0].byteCount, $1) > (requests[$1].byteCount, $0)
    }
    for index in order {
      let request = requests[index]
      let size = aligned(request.byteCount)
      var offset = 0
      for other in placed where requests[other].firstStep <= request.lastStep && request.firstStep <= requests[other].lastStep {
        if offsets[other] >= offset + size { break }
        offset = max(offset, offsets[other] + aligned(requests[other].byteCount))
      }
      offsets[index] = offset
      placed.insert(index, at: placed.firstIndex { offsets[$0] > offset } ?? placed.count)
      total = max(total, offset + size)
    }
    return (offsets, total)
  }
}
