import Builtin

/// Asks for the line of the cache that holds `p`, for a read in a while: into the second cache. Any address is allowed.
@inlinable @inline(__always)
package func prefetch(_ p: UnsafeRawPointer) {
  Builtin.int_prefetch_RawPointer(p._rawValue, Int32(0)._value, Int32(2)._value, Int32(1)._value)
}

/// Asks for the line of the cache that holds `p`, for a write soon: into the nearest cache. Any address is allowed.
@inlinable @inline(__always)
package func prefetchForWriting(_ p: UnsafeRawPointer) {
  Builtin.int_prefetch_RawPointer(p._rawValue, Int32(1)._value, Int32(3)._value, Int32(1)._value)
}
