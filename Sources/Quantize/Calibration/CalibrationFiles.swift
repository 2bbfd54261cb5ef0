public import OVRuntime

extension CalibrationData {
  /// Data in files: `.npy` arrays, `.npz` archives, and folders of either.
  ///
  /// - An array holds one sample, or many along an axis in front: it is cut along axis 0 when that makes the pieces fit the input.
  /// - An archive holds an array for each input, named like the input, `input_<k>` or `arr_<k>`.
  /// - A folder holds files of the first two kinds, each with samples of its own; or one `.npy` for each input, named as in an archive;
  ///   or folders, each a sample. Files called `output_<k>` are passed over.
  ///
  /// All files are read once, to check them; afterwards each is read when its samples are wanted. `names` tells which array or file
  /// stands for an input, by the input's name. `limit`: no more samples than this are looked for.
  /// - Throws: ``OVError/Code/unreadableFile``; ``OVError/Code/invalidData`` naming the file that does not fit an input, is not finite,
  ///   or holds nothing.
  public init(
    contentsOf paths: [String], for inputs: [PortInfo], names: [String: String] = [:], limit: Int = .max
  ) throws(OVError) {
    var files = CalibrationFiles(inputs: inputs, names: names, limit: limit)
    for path in paths where files.samples.count < limit { try files.add(path) }
    let samples = files.samples
    let cache = CalibrationFileCache()
    let ports = inputs
    self.init(count: samples.count) { (index) throws(OVError) in
      guard samples.indices.contains(index) else { return nil }
      var tensors: [Tensor] = []
      for (port, piece) in zip(ports, samples[index]) { tensors.append(try cache.tensor(piece, for: port)) }
      return CalibrationSample(tensors, source: samples[index].first?.path)
    }
  }
}

/// Where the tensor of an input is: a file, a member of it, a part of that along axis 0.
struct CalibrationPiece: Sendable {
  let path: String
  /// The member of an archive.
  var member: String?
  /// How the array is cut, and which piece this is.
  var cut = CalibrationCut.whole
  var index = 0
}

/// How an array is made into tensors for an input.
enum CalibrationCut: Sendable {
  case whole
  /// An axis of extent 1 is put in front.
  case unsqueezed
  /// So many rows of axis 0 a tensor.
  case rows(Int)
  /// Each row of axis 0 is a tensor, without that axis.
  case items

  /// The way in which arrays of a shape fit an input, and the number of tensors; `nil` when they do not.
  static func of(_ shape: Shape, _ input: PartialShape) -> (CalibrationCut, count: Int)? {
    guard let dimensions = input.dimensions else { return (.whole, 1) }
    if shape.count == dimensions.count, let first = shape.first {
      let rest = PartialShape(Array(dimensions.dropFirst())).accepts(Array(shape.dropFirst()))
      if rest, first > 0 {
        if dimensions[0].contains(1), first > 1 { return (.rows(1), first) }
        if let batch = dimensions[0].length, batch > 0, first > batch, first % batch == 0 { return (.rows(batch), first / batch) }
      }
    }
    if input.accepts(shape) { return (.whole, 1) }
    if input.accepts([1] + shape) { return (.unsqueezed, 1) }
    if shape.count == dimensions.count + 1, shape[0] > 0, input.accepts(Array(shape.dropFirst())) { return (.items, shape[0]) }
    return nil
  }

  /// Piece `index` of an array.
  func piece(_ array: Tensor, _ index: Int) -> Tensor {
    let rest = Array(array.shape.dropFirst())
    let size = rest.reduce(1, *)
    switch self {
    case .whole: return array
    case .unsqueezed: return array.reshaped(to: [1] + array.shape)
    case .rows(let count): return array.gathered(shape: [count] + rest, blocks: [index], of: count * size, scaled: count * size)
    case .items: return array.gathered(shape: rest, blocks: [index], of: size, scaled: size)
    }
  }
}

extension Tensor {
  fileprivate func gathered(shape: Shape, blocks: [Int], of size: Int, scaled: Int) -> Tensor {
    gathered(shape: shape, blocks: blocks.map { $0 * scaled }, of: size)
  }
}

/// Finds samples in files and checks them.
private struct CalibrationFiles {
  let inputs: [PortInfo]
  /// The array or file that stands for an input, by the input's name.
  let names: [String: String]
  let limit: Int
  private(set) var samples: [[CalibrationPiece]] = []

  init(inputs: [PortInfo], names: [String: String], limit: Int) {
    (self.inputs, self.names, self.limit) = (inputs, names, limit)
  }

  mutating func add(_ path: String) throws(OVError) {
    if FileSystem.isFolder(path) { return try addFolder(path) }
    if path.hasSuffix(".npz") { return try addArchive(path) }
    guard inputs.count == 1 else {
      throw OVError(
        .invalidData, "the model has \(inputs.count) inputs, a .npy file is one", at: .init(path: path),
        suggestion: "give .npz archives with an array for each input, or folders with a file for each")
    }
    try addSamples([CalibrationPiece(path: path)])
  }

  private mutating func addFolder(_ path: String) throws(OVError) {
    let entries = try FileSystem.entries(of: path).filter { !$0.hasPrefix("output_") && !$0.hasPrefix(".") }
    let folders = Self.numericOrder(entries.filter { FileSystem.isFolder(path + "/" + $0) })
    let arrays = entries.filter { $0.hasSuffix(".npy") }
    let archives = Self.numericOrder(entries.filter { $0.hasSuffix(".npz") })
    guard !folders.isEmpty || !arrays.isEmpty || !archives.isEmpty else {
      throw OVError(.invalidData, "the folder holds no .npy or .npz files", at: .init(path: path))
    }
    for folder in folders where samples.count < limit { try addFolder(path + "/" + folder) }
    for archive in archives where samples.count < limit { try addArchive(path + "/" + archive) }
    if arrays.isEmpty { return }
    // One file an input, or files of samples each.
    let stems = arrays.map { String($0.dropLast(4)) }
    if inputs.count > 1 || arrays.count == 1 && key(for: 0, among: stems) != nil {
      var pieces: [CalibrationPiece] = []
      for index in inputs.indices {
        guard let stem = key(for: index, among: stems) else { throw missing(index, "file", path) }
        pieces.append(CalibrationPiece(path: "\(path)/\(stem).npy"))
      }
      return try addSamples(pieces)
    }
    for name in Self.numericOrder(arrays) where samples.count < limit { try addSamples([CalibrationPiece(path: path + "/" + name)]) }
  }

  private mutating func addArchive(_ path: String) throws(OVError) {
    let members = try ZipArchive(path: path).members.map(\.name).filter { $0.hasSuffix(".npy") }
    guard !members.isEmpty else { throw OVError(.invalidData, "the archive holds no arrays", at: .init(path: path)) }
    let stems = members.map { String($0.dropLast(4)) }
    var pieces: [CalibrationPiece] = []
    for index in inputs.indices {
      let only = inputs.count == 1 && stems.count == 1 ? stems[0] : nil
      guard let stem = key(for: index, among: stems) ?? only else { throw missing(index, "array", path) }
      pieces.append(CalibrationPiece(path: path, member: stem + ".npy"))
    }
    try addSamples(pieces)
  }

  private func missing(_ index: Int, _ kind: String, _ path: String) -> OVError {
    let name = OVError.printable(inputs[index].name)
    return OVError(
      .invalidData, "there is no \(kind) for input '\(name)'", at: .init(path: path),
      suggestion: "name it '\(name)' or 'input_\(index)', or say its name with --input-name '\(name)=NAME'")
  }

  /// The one of `keys` that stands for input `index`.
  private func key(for index: Int, among keys: [String]) -> String? {
    let port = inputs[index]
    if let (_, key) = names.first(where: { port.isNamed($0.key) }) { return keys.first { $0 == key } }
    return keys.first { port.isNamed($0) } ?? keys.first { $0 == "input_\(index)" || $0 == "arr_\(index)" }
  }

  /// Adds the samples that the arrays of all inputs hold together: as many of each, or one of those that are the same for all.
  private mutating func addSamples(_ pieces: [CalibrationPiece]) throws(OVError) {
    var cuts: [(cut: CalibrationCut, count: Int)] = []
    for (port, piece) in zip(inputs, pieces) {
      let array = try CalibrationFileCache.load(piece)
      guard let cut = CalibrationCut.of(array.shape, port.type.shape) else {
        throw OVError(
          .invalidData, "input '\(OVError.printable(port.name))' is \(port.type), the data are \(array.type)", at: .init(path: piece.path))
      }
      _ = try CalibrationFileCache.adopted(array, port, piece.path)
      guard array.isFinite else {
        throw OVError(.invalidData, "the data hold NaN or infinity", at: .init(path: piece.path), suggestion: "remove those samples")
      }
      guard array.elementCount > 0 else { throw OVError(.invalidData, "the data are empty", at: .init(path: piece.path)) }
      cuts.append(cut)
    }
    let count = cuts.map(\.count).max() ?? 0
    for (index, cut) in cuts.enumerated() where cut.count != count && cut.count != 1 {
      throw OVError(
        .invalidData, "there are \(cut.count) tensors for input '\(OVError.printable(inputs[index].name))', \(count) for another input",
        at: .init(path: pieces[index].path))
    }
    for number in 0..<count where samples.count < limit {
      samples.append(
        zip(pieces, cuts).map { piece, cut in
          CalibrationPiece(path: piece.path, member: piece.member, cut: cut.cut, index: cut.count == 1 ? 0 : number)
        })
    }
  }

  /// Names in order, numbers in them by value: 2 before 10.
  private static func numericOrder(_ names: [String]) -> [String] {
    func number(_ name: String) -> Int { Int(String(name.unicodeScalars.filter { ("0"..."9").contains($0) }.prefix(18))) ?? 0 }
    return names.sorted { (number($0), $0) < (number($1), $1) }
  }
}

/// The array that was read last: pieces of one are asked for in succession.
private final class CalibrationFileCache: Sendable {
  private let last = Locked<[String: Tensor]>([:])

  func tensor(_ piece: CalibrationPiece, for port: PortInfo) throws(OVError) -> Tensor {
    let key = piece.path + "\n" + (piece.member ?? "")
    var array = last.withLock { $0[key] }
    if array == nil {
      array = try CalibrationFileCache.load(piece)
      // Arrays of one sample each are not asked for again before the next pass.
      if case .whole = piece.cut {
      } else {
        last.withLock {
          $0 = $0.count < 16 ? $0 : [:]
          $0[key] = array
        }
      }
    }
    return try CalibrationFileCache.adopted(piece.cut.piece(array!, piece.index), port, piece.path)
  }

  static func load(_ piece: CalibrationPiece) throws(OVError) -> Tensor {
    guard let name = piece.member else { return try Tensor(npyFile: piece.path) }
    let archive = try ZipArchive(path: piece.path)
    do throws(OVError) {
      guard let member = archive.members.first(where: { $0.name == name }) else {
        throw OVError(.invalidData, "the archive holds no '\(OVError.printable(name))'")
      }
      let bytes = try archive.contents(of: member)
      var tensor: Tensor?
      var failure: OVError?
      bytes.withUnsafeBytes { raw in
        do throws(OVError) { tensor = try Tensor(npy: raw) } catch { failure = error }
      }
      if let failure { throw failure }
      return tensor!
    } catch { throw error.located(at: .init(path: piece.path)) }
  }

  /// An array as an input takes it: a type that NumPy does not have is made from the one that stands for it there.
  static func adopted(_ array: Tensor, _ port: PortInfo, _ path: String) throws(OVError) -> Tensor {
    let type = port.type.elementType
    if array.elementType == type || type == .dynamic { return array }
    guard array.elementType == type.npyType else {
      throw OVError(
        .invalidData, "input '\(OVError.printable(port.name))' is \(port.type), the data are \(array.type)", at: .init(path: path),
        suggestion: "save the array as \(type.npyType)")
    }
    return Tensor(type, shape: array.shape, doubles: array.doubles())
  }
}
