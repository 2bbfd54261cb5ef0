/// A worker's share of `count` units: contiguous, in whole granules but for the end, sizes one granule apart at most.
@inlinable @inline(__always)
package func share(of count: Int, worker: Int, workers: Int, granule: Int = 1) -> (start: Int, end: Int) {
  let granules = (count &+ granule &- 1) / granule
  let start = granules &* worker / workers &* granule
  let end = granules &* (worker &+ 1) / workers &* granule
  return (Swift.min(start, count), Swift.min(end, count))
}

/// Bytes from a worker's scratch memory, which takes `byteCount` bytes, to the next worker's; a multiple of 64.
///
/// A page lies in between. Processors read ahead of what a worker reads, up to the end of a page; at the end of its memory those would be
/// lines that the next worker writes, and each would take them from the other again and again.
@inlinable
package func scratchStride(_ byteCount: Int) -> Int { byteCount == 0 ? 0 : (byteCount &+ 63) / 64 &* 64 &+ 4096 }

/// Calls `body` for a worker's part of [outer, inner] columns, by strips of up to `width` neighbouring ones of a plane.
@inline(__always)
func forEachStrip(
  outer: Int, inner: Int, width: Int, worker: Int, workers: Int, _ body: (_ plane: Int, _ column: Int, _ columns: Int) -> Void
) {
  let strips = (inner &+ width &- 1) / width
  let (start, end) = share(of: outer &* strips, worker: worker, workers: workers)
  for unit in start..<Swift.max(start, end) {
    let plane = unit / strips
    let column = (unit &- plane &* strips) &* width
    body(plane, column, Swift.min(width, inner &- column))
  }
}
