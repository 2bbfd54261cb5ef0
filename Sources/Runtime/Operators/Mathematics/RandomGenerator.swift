/// The counter-based generator Philox 4×32 of ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"), with
/// the counter as two 64-bit halves: the number of the draw, and the operation's seed.
struct Philox {
  let key: UInt64
  /// The low and the high half.
  var counter: (UInt64, UInt64)

  /// Four numbers.
  mutating func next() -> [UInt32] {
    func halves(_ x: UInt64) -> (low: UInt32, high: UInt32) { (UInt32(truncatingIfNeeded: x), UInt32(x >> 32)) }
    var (n, c, k) = (halves(counter.0), halves(counter.1), halves(key))
    for round in 0..<10 {
      if round > 0 { k = (k.low &+ 0x9e37_79b9, k.high &+ 0xbb67_ae85) }
      let p = halves(0xd251_1f53 * UInt64(n.low))
      let q = halves(0xcd9e_8d57 * UInt64(c.low))
      n = (q.high ^ n.high ^ k.low, q.low)
      c = (p.high ^ c.high ^ k.high, p.low)
    }
    advance(by: 1)
    return [n.low, n.high, c.low, c.high]
  }

  /// Skips draws.
  mutating func advance(by count: UInt64) {
    let (sum, overflow) = counter.0.addingReportingOverflow(count)
    counter = (sum, overflow ? counter.1 &+ 1 : counter.1)
  }
}

/// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).
struct MersenneTwister {
  private static let size = 624
  private var state: [UInt32]
  private var position = size

  /// The state that follows from one number.
  init(seed: UInt32) {
    state = [seed]
    for i in 1..<UInt32(MersenneTwister.size) {
      let last = state[state.count - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ i)
    }
  }

  /// The state that follows from several numbers, mixed as by the seed sequence of the C++ standard library
  /// (`rand.util.seedseq`).
  init(seeds: [UInt32]) {
    let n = MersenneTwister.size
    let (t, p) = (11, (624 - 11) / 2)
    let q = p + t
    func mix(_ x: UInt32) -> UInt32 { x ^ (x >> 27) }
    var b = [UInt32](repeating: 0x8b8b_8b8b, count: n)
    let m = max(seeds.count + 1, n)
    for k in 0..<m {
      let r1 = 1_664_525 &* mix(b[k % n] ^ b[(k + p) % n] ^ b[(k + n - 1) % n])
      let addend = k == 0 ? UInt32(seeds.count) : UInt32(k % n) &+ (k <= seeds.count ? seeds[k - 1] : 0)
      let r2 = r1 &+ addend
      b[(k + p) % n] &+= r1
      b[(k + q) % n] &+= r2
      b[k % n] = r2
    }
    for k in m..<(m + n) {
      let r3 = 1_566_083_941 &* mix(b[k % n] &+ b[(k + p) % n] &+ b[(k + n - 1) % n])
      let r4 = r3 &- UInt32(k % n)
      b[(k + p) % n] ^= r3
      b[(k + q) % n] ^= r4
      b[k % n] = r4
    }
    state = b
  }

  /// A number.
  mutating func next() -> UInt32 {
    if position == MersenneTwister.size { refill() }
    var x = state[position]
    position += 1
    x ^= x >> 11
    x ^= (x << 7) & 0x9d2c_5680
    x ^= (x << 15) & 0xefc6_0000
    return x ^ (x >> 18)
  }

  private mutating func refill() {
    let n = MersenneTwister.size
    for i in 0..<n {
      let y = (state[i] & 0x8000_0000) | (state[(i + 1) % n] & 0x7fff_ffff)
      state[i] = state[(i + 397) % n] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
    }
    position = 0
  }
}
