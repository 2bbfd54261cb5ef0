import Testing

@testable import OVRuntime

/// Memory of weights: where it comes from, and what fills it.
@Suite struct WeightMemoryTests {
  @Test func arenaHandsOutSeparateAlignedBytes() {
    let arena = WeightArena()
    let sizes = [64 << 10, 100_001, 31 << 20, 40 << 20, 1, 0, WeightArena.rangeByteCount]
    let storages = sizes.map { arena.allocate($0) }
    for (index, storage) in storages.enumerated() {
      #expect(storage.byteCount == sizes[index])
      #expect(Int(bitPattern: storage.base) % 64 == 0)
      storage.base.initializeMemory(as: UInt8.self, repeating: UInt8(index), count: sizes[index])
    }
    for (index, storage) in storages.enumerated() where sizes[index] > 0 {
      #expect(storage.base.load(as: UInt8.self) == UInt8(index))
      #expect(storage.base.load(fromByteOffset: sizes[index] - 1, as: UInt8.self) == UInt8(index))
    }
  }

  @Test func arenaServesThreads() async {
    let arena = WeightArena()
    let sum = await withTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask {
          let storages = (0..<50).map { _ in arena.allocate(70_000) }
          for storage in storages { storage.base.storeBytes(of: task, toByteOffset: 69_992, as: Int.self) }
          return storages.reduce(0) { $0 + $1.base.loadUnaligned(fromByteOffset: 69_992, as: Int.self) }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(sum == 50 * 28)
  }

  @Test func refusesWhatTheSystemCannotReserve() {
    #expect(LargePages(byteCount: .max) == nil)
    #expect(LargePages(byteCount: .max - LargePages.pageByteCount) == nil)
  }

  /// Data of one key are filled once; a later plan finds them.
  @Test(arguments: [1, 2]) func derivedConstantsAreFilledOnce(workers: Int) throws {
    var model = Model(name: "test")
    let source = OutputID(model.add(.constant(Tensor([1, 2, 3, 4] as [Float], shape: [4]), name: "weights")))
    let environment = CompileEnvironment(base: model, features: .current, workers: workers, precision: .f32)
    var constants = DerivedConstants()
    let sizes = [8, 200_000, 300_000]
    func request(_ size: Int, _ value: UInt8) -> TensorStorage {
      constants.storage(for: DerivedKey(source: source, kind: "\(size)"), byteCount: size, in: environment) {
        $0.initializeMemory(as: UInt8.self, repeating: value, count: size)
      }
    }
    let storages = sizes.map { request($0, 7) }
    let again = sizes.map { request($0, 8) }
    constants.fill(in: environment)
    let later = sizes.map { request($0, 9) }
    constants.fill(in: environment)
    for index in sizes.indices {
      #expect(storages[index] === again[index] && storages[index] === later[index])
      #expect(UnsafeRawBufferPointer(start: storages[index].base, count: sizes[index]).allSatisfy { $0 == 7 })
    }
    #expect(environment.derivedByteCount == sizes.reduce(0, +))
  }
}
