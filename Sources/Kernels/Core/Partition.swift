/// A worker's share of `count` units: contiguous, in whole granules but for the end, sizes one granule apart at most.
@inlinable @inline(__always)
package func share(of count: Int, worker: Int, workers: Int, granule: Int = 1) -> (start: Int, end: Int) {
  let granules = (count &+ granule &- 1) / granule
  let start = granules &* worker / workers &* granule
  let end = granules &* (worker &+ 1) / workers &* granule
  return (Swift.min(start, count), Swift.min(end, count))
}
