/// A worker's share of `count` units: contiguous, in whole granules but for the end, sizes one granule apart at most.
@inlinable @inline(__always)
package func share(of count: Int, worker: Int, workers: Int, granule: Int = 1) -> (start: Int, end: Int) {
  let granules = (count &+ granule &- 1) / granule
  let start = granules &* worker / workers &* granule
  let end = granules &* (worker &+ 1) / workers &* granule
  return (Swift.min(start, count), Swift.min(end, count))
}

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
