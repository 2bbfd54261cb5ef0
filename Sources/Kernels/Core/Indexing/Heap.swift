/// Lets the entry at `root` of a heap, whose top is the greatest, sink until none below it is greater.
@inline(__always)
func siftDown(_ heap: UnsafeMutablePointer<UInt64>, _ root: Int, _ count: Int) {
  var place = root
  let entry = heap[root]
  while true {
    var child = 2 &* place &+ 1
    if child >= count { break }
    if child &+ 1 < count, heap[child &+ 1] > heap[child] { child &+= 1 }
    if heap[child] <= entry { break }
    heap[place] = heap[child]
    place = child
  }
  heap[place] = entry
}

/// Turns a heap into ascending order.
@inline(__always)
func popAll(_ heap: UnsafeMutablePointer<UInt64>, _ count: Int) {
  var last = count &- 1
  while last > 0 {
    let greatest = heap[0]
    heap[0] = heap[last]
    heap[last] = greatest
    siftDown(heap, 0, last)
    last &-= 1
  }
}

/// Sorts ascending.
@inline(__always)
func heapSort(_ entries: UnsafeMutablePointer<UInt64>, _ count: Int) {
  var root = count / 2
  while root > 0 {
    root &-= 1
    siftDown(entries, root, count)
  }
  popAll(entries, count)
}
