/* Leafproof, Apache-2.0. Contains @noble/curves and @noble/hashes (MIT) and cborg (Apache-2.0): see LICENSES.txt beside this file. */
var __defProp = Object.defineProperty;
var __export = (target, all) => {
  for (var name2 in all)
    __defProp(target, name2, { get: all[name2], enumerable: true });
};

// node_modules/cborg/lib/is.js
var objectTypeNames = [
  "Object",
  // for Object.create(null) and other non-plain objects
  "RegExp",
  "Date",
  "Error",
  "Map",
  "Set",
  "WeakMap",
  "WeakSet",
  "ArrayBuffer",
  "SharedArrayBuffer",
  "DataView",
  "Promise",
  "URL",
  "HTMLElement",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "Tagged"
];
function is(value) {
  if (value === null) {
    return "null";
  }
  if (value === void 0) {
    return "undefined";
  }
  if (value === true || value === false) {
    return "boolean";
  }
  const typeOf = typeof value;
  if (typeOf === "string" || typeOf === "number" || typeOf === "bigint" || typeOf === "symbol") {
    return typeOf;
  }
  if (typeOf === "function") {
    return "Function";
  }
  if (Array.isArray(value)) {
    return "Array";
  }
  if (value instanceof Uint8Array) {
    return "Uint8Array";
  }
  if (value.constructor === Object) {
    return "Object";
  }
  const objectType = getObjectType(value);
  if (objectType) {
    return objectType;
  }
  return "Object";
}
function getObjectType(value) {
  const objectTypeName = Object.prototype.toString.call(value).slice(8, -1);
  if (objectTypeNames.includes(objectTypeName)) {
    return objectTypeName;
  }
  return void 0;
}

// node_modules/cborg/lib/token.js
var Type = class {
  /**
   * @param {number} major
   * @param {string} name
   * @param {boolean} terminal
   */
  constructor(major, name2, terminal) {
    this.major = major;
    this.majorEncoded = major << 5;
    this.name = name2;
    this.terminal = terminal;
  }
  toString() {
    return `Type[${this.major}].${this.name}`;
  }
  /**
   * @param {Type} typ
   * @returns {number}
   */
  compare(typ) {
    return this.major < typ.major ? -1 : this.major > typ.major ? 1 : 0;
  }
  /**
   * Check equality between two Type instances. Safe to use across different
   * copies of the Type class (e.g., when bundlers duplicate the module).
   * (major, name) uniquely identifies a Type; terminal is implied by these.
   * @param {Type} a
   * @param {Type} b
   * @returns {boolean}
   */
  static equals(a, b) {
    return a === b || a.major === b.major && a.name === b.name;
  }
};
Type.uint = new Type(0, "uint", true);
Type.negint = new Type(1, "negint", true);
Type.bytes = new Type(2, "bytes", true);
Type.string = new Type(3, "string", true);
Type.array = new Type(4, "array", false);
Type.map = new Type(5, "map", false);
Type.tag = new Type(6, "tag", false);
Type.float = new Type(7, "float", true);
Type.false = new Type(7, "false", true);
Type.true = new Type(7, "true", true);
Type.null = new Type(7, "null", true);
Type.undefined = new Type(7, "undefined", true);
Type.break = new Type(7, "break", true);
var Token = class {
  /**
   * @param {Type} type
   * @param {any} [value]
   * @param {number} [encodedLength]
   */
  constructor(type, value, encodedLength) {
    this.type = type;
    this.value = value;
    this.encodedLength = encodedLength;
    this.encodedBytes = void 0;
    this.byteValue = void 0;
  }
  toString() {
    return `Token[${this.type}].${this.value}`;
  }
};

// node_modules/cborg/lib/byte-utils.js
var useBuffer = globalThis.process && // @ts-ignore
!globalThis.process.browser && // @ts-ignore
globalThis.Buffer && // @ts-ignore
typeof globalThis.Buffer.isBuffer === "function";
var textEncoder = new TextEncoder();
function isBuffer(buf) {
  return useBuffer && globalThis.Buffer.isBuffer(buf);
}
function asU8A(buf) {
  if (!(buf instanceof Uint8Array)) {
    return Uint8Array.from(buf);
  }
  return isBuffer(buf) ? new Uint8Array(buf.buffer, buf.byteOffset, buf.byteLength) : buf;
}
var FROM_STRING_THRESHOLD_BUFFER = 24;
var FROM_STRING_THRESHOLD_TEXTENCODER = 200;
var fromString = useBuffer ? (
  // eslint-disable-line operator-linebreak
  /**
   * @param {string} string
   */
  (string) => {
    return string.length >= FROM_STRING_THRESHOLD_BUFFER ? (
      // eslint-disable-line operator-linebreak
      // @ts-ignore
      globalThis.Buffer.from(string)
    ) : utf8ToBytes(string);
  }
) : (
  // eslint-disable-line operator-linebreak
  /**
   * @param {string} string
   */
  (string) => {
    return string.length >= FROM_STRING_THRESHOLD_TEXTENCODER ? textEncoder.encode(string) : utf8ToBytes(string);
  }
);
var fromArray = (arr) => {
  return Uint8Array.from(arr);
};
var slice = useBuffer ? (
  // eslint-disable-line operator-linebreak
  /**
   * @param {Uint8Array} bytes
   * @param {number} start
   * @param {number} end
   */
  // Buffer.slice() returns a view, not a copy, so we need special handling
  (bytes, start, end) => {
    if (isBuffer(bytes)) {
      return new Uint8Array(bytes.subarray(start, end));
    }
    return bytes.slice(start, end);
  }
) : (
  // eslint-disable-line operator-linebreak
  /**
   * @param {Uint8Array} bytes
   * @param {number} start
   * @param {number} end
   */
  (bytes, start, end) => {
    return bytes.slice(start, end);
  }
);
var concat = useBuffer ? (
  // eslint-disable-line operator-linebreak
  /**
   * @param {ByteView[]} chunks
   * @param {number} length
   * @returns {AllocatedByteView}
   */
  (chunks, length) => {
    chunks = chunks.map((c) => c instanceof Uint8Array ? c : (
      // eslint-disable-line operator-linebreak
      // @ts-ignore
      globalThis.Buffer.from(c)
    ));
    return (
      /** @type {AllocatedByteView} */
      asU8A(globalThis.Buffer.concat(chunks, length))
    );
  }
) : (
  // eslint-disable-line operator-linebreak
  /**
   * @param {ByteView[]} chunks
   * @param {number} length
   * @returns {AllocatedByteView}
   */
  (chunks, length) => {
    const out = new Uint8Array(length);
    let off = 0;
    for (let b of chunks) {
      if (off + b.length > out.length) {
        b = b.subarray(0, out.length - off);
      }
      out.set(b, off);
      off += b.length;
    }
    return out;
  }
);
var alloc = useBuffer ? (
  // eslint-disable-line operator-linebreak
  /**
   * @param {number} size
   * @returns {AllocatedByteView}
   */
  (size) => {
    return globalThis.Buffer.allocUnsafe(size);
  }
) : (
  // eslint-disable-line operator-linebreak
  /**
   * @param {number} size
   * @returns {AllocatedByteView}
   */
  (size) => {
    return new Uint8Array(size);
  }
);
function compare(b1, b2) {
  if (isBuffer(b1) && isBuffer(b2)) {
    return b1.compare(b2);
  }
  for (let i = 0; i < b1.length; i++) {
    if (b1[i] === b2[i]) {
      continue;
    }
    return b1[i] < b2[i] ? -1 : 1;
  }
  return 0;
}
function utf8ToBytes(str) {
  const out = [];
  let p = 0;
  for (let i = 0; i < str.length; i++) {
    let c = str.charCodeAt(i);
    if (c < 128) {
      out[p++] = c;
    } else if (c < 2048) {
      out[p++] = c >> 6 | 192;
      out[p++] = c & 63 | 128;
    } else if ((c & 64512) === 55296 && i + 1 < str.length && (str.charCodeAt(i + 1) & 64512) === 56320) {
      c = 65536 + ((c & 1023) << 10) + (str.charCodeAt(++i) & 1023);
      out[p++] = c >> 18 | 240;
      out[p++] = c >> 12 & 63 | 128;
      out[p++] = c >> 6 & 63 | 128;
      out[p++] = c & 63 | 128;
    } else {
      if (c >= 55296 && c <= 57343) {
        c = 65533;
      }
      out[p++] = c >> 12 | 224;
      out[p++] = c >> 6 & 63 | 128;
      out[p++] = c & 63 | 128;
    }
  }
  return out;
}

// node_modules/cborg/lib/bl.js
var defaultChunkSize = 256;
var Bl = class {
  /**
   * @param {number} [chunkSize]
   */
  constructor(chunkSize = defaultChunkSize) {
    this.chunkSize = chunkSize;
    this.cursor = 0;
    this.maxCursor = -1;
    this.chunks = [];
    this._initReuseChunk = null;
  }
  reset() {
    this.cursor = 0;
    this.maxCursor = -1;
    if (this.chunks.length) {
      this.chunks = [];
    }
    if (this._initReuseChunk !== null) {
      this.chunks.push(this._initReuseChunk);
      this.maxCursor = this._initReuseChunk.length - 1;
    }
  }
  /**
   * @param {number} byte
   */
  pushByte(byte) {
    let topChunk = this.chunks[this.chunks.length - 1];
    if (this.cursor > this.maxCursor) {
      topChunk = alloc(this.chunkSize);
      this.chunks.push(topChunk);
      this.maxCursor += topChunk.length;
      if (this._initReuseChunk === null) {
        this._initReuseChunk = topChunk;
      }
    }
    const chunkPos = topChunk.length - (this.maxCursor - this.cursor) - 1;
    topChunk[chunkPos] = byte;
    this.cursor++;
  }
  /**
   * @param {ByteView|number[]} bytes
   */
  push(bytes) {
    let topChunk = this.chunks[this.chunks.length - 1];
    const newMax = this.cursor + bytes.length;
    if (newMax <= this.maxCursor + 1) {
      const chunkPos = topChunk.length - (this.maxCursor - this.cursor) - 1;
      topChunk.set(bytes, chunkPos);
    } else {
      if (topChunk) {
        const chunkPos = topChunk.length - (this.maxCursor - this.cursor) - 1;
        if (chunkPos < topChunk.length) {
          this.chunks[this.chunks.length - 1] = topChunk.subarray(0, chunkPos);
          this.maxCursor = this.cursor - 1;
        }
      }
      if (bytes.length < 64 && bytes.length < this.chunkSize) {
        topChunk = alloc(this.chunkSize);
        this.chunks.push(topChunk);
        this.maxCursor += topChunk.length;
        if (this._initReuseChunk === null) {
          this._initReuseChunk = topChunk;
        }
        topChunk.set(bytes, 0);
      } else {
        this.chunks.push(bytes);
        this.maxCursor += bytes.length;
      }
    }
    this.cursor += bytes.length;
  }
  /**
   * @param {boolean} [reset]
   * @returns {AllocatedByteView}
   */
  toBytes(reset = false) {
    let byts;
    if (this.chunks.length === 1) {
      const chunk = this.chunks[0];
      if (reset && this.cursor > chunk.length / 2) {
        byts = this.cursor === chunk.length ? chunk : chunk.subarray(0, this.cursor);
        this._initReuseChunk = null;
        this.chunks = [];
      } else {
        byts = slice(chunk, 0, this.cursor);
      }
    } else {
      byts = concat(this.chunks, this.cursor);
    }
    if (reset) {
      this.reset();
    }
    return byts;
  }
};
var U8Bl = class {
  /**
   * @param {Uint8Array<T>} dest
   */
  constructor(dest) {
    this.dest = dest;
    this.cursor = 0;
    this.chunks = [dest];
  }
  reset() {
    this.cursor = 0;
  }
  /**
   * @param {number} byte
   */
  pushByte(byte) {
    if (this.cursor >= this.dest.length) {
      throw new Error("write out of bounds, destination buffer is too small");
    }
    this.dest[this.cursor++] = byte;
  }
  /**
   * @param {ByteView|number[]} bytes
   */
  push(bytes) {
    if (this.cursor + bytes.length > this.dest.length) {
      throw new Error("write out of bounds, destination buffer is too small");
    }
    this.dest.set(bytes, this.cursor);
    this.cursor += bytes.length;
  }
  /**
   * @param {boolean} [reset]
   * @returns {Uint8Array<T>}
   */
  toBytes(reset = false) {
    const byts = this.dest.subarray(0, this.cursor);
    if (reset) {
      this.reset();
    }
    return byts;
  }
};

// node_modules/cborg/lib/common.js
var decodeErrPrefix = "CBOR decode error:";
var encodeErrPrefix = "CBOR encode error:";
var uintMinorPrefixBytes = [];
uintMinorPrefixBytes[23] = 1;
uintMinorPrefixBytes[24] = 2;
uintMinorPrefixBytes[25] = 3;
uintMinorPrefixBytes[26] = 5;
uintMinorPrefixBytes[27] = 9;
function assertEnoughData(data, pos, need) {
  if (data.length - pos < need) {
    throw new Error(`${decodeErrPrefix} not enough data for type`);
  }
}

// node_modules/cborg/lib/0uint.js
var uintBoundaries = [24, 256, 65536, 4294967296, BigInt("18446744073709551616")];
function readUint8(data, offset, options) {
  assertEnoughData(data, offset, 1);
  const value = data[offset];
  if (options.strict === true && value < uintBoundaries[0]) {
    throw new Error(`${decodeErrPrefix} integer encoded in more bytes than necessary (strict decode)`);
  }
  return value;
}
function readUint16(data, offset, options) {
  assertEnoughData(data, offset, 2);
  const value = data[offset] << 8 | data[offset + 1];
  if (options.strict === true && value < uintBoundaries[1]) {
    throw new Error(`${decodeErrPrefix} integer encoded in more bytes than necessary (strict decode)`);
  }
  return value;
}
function readUint32(data, offset, options) {
  assertEnoughData(data, offset, 4);
  const value = data[offset] * 16777216 + (data[offset + 1] << 16) + (data[offset + 2] << 8) + data[offset + 3];
  if (options.strict === true && value < uintBoundaries[2]) {
    throw new Error(`${decodeErrPrefix} integer encoded in more bytes than necessary (strict decode)`);
  }
  return value;
}
function readUint64(data, offset, options) {
  assertEnoughData(data, offset, 8);
  const hi = data[offset] * 16777216 + (data[offset + 1] << 16) + (data[offset + 2] << 8) + data[offset + 3];
  const lo = data[offset + 4] * 16777216 + (data[offset + 5] << 16) + (data[offset + 6] << 8) + data[offset + 7];
  const value = (BigInt(hi) << BigInt(32)) + BigInt(lo);
  if (options.strict === true && value < uintBoundaries[3]) {
    throw new Error(`${decodeErrPrefix} integer encoded in more bytes than necessary (strict decode)`);
  }
  if (value <= Number.MAX_SAFE_INTEGER) {
    return Number(value);
  }
  if (options.allowBigInt === true) {
    return value;
  }
  throw new Error(`${decodeErrPrefix} integers outside of the safe integer range are not supported`);
}
function decodeUint8(data, pos, _minor, options) {
  return new Token(Type.uint, readUint8(data, pos + 1, options), 2);
}
function decodeUint16(data, pos, _minor, options) {
  return new Token(Type.uint, readUint16(data, pos + 1, options), 3);
}
function decodeUint32(data, pos, _minor, options) {
  return new Token(Type.uint, readUint32(data, pos + 1, options), 5);
}
function decodeUint64(data, pos, _minor, options) {
  return new Token(Type.uint, readUint64(data, pos + 1, options), 9);
}
function encodeUint(writer, token) {
  return encodeUintValue(writer, 0, token.value);
}
function encodeUintValue(writer, major, uint) {
  if (uint < uintBoundaries[0]) {
    const nuint = Number(uint);
    writer.pushByte(major | nuint);
  } else if (uint < uintBoundaries[1]) {
    const nuint = Number(uint);
    writer.push([major | 24, nuint]);
  } else if (uint < uintBoundaries[2]) {
    const nuint = Number(uint);
    writer.push([major | 25, nuint >>> 8, nuint & 255]);
  } else if (uint < uintBoundaries[3]) {
    const nuint = Number(uint);
    writer.push([major | 26, nuint >>> 24 & 255, nuint >>> 16 & 255, nuint >>> 8 & 255, nuint & 255]);
  } else {
    const buint = BigInt(uint);
    if (buint < uintBoundaries[4]) {
      const set = [major | 27, 0, 0, 0, 0, 0, 0, 0];
      let lo = Number(buint & BigInt(4294967295));
      let hi = Number(buint >> BigInt(32) & BigInt(4294967295));
      set[8] = lo & 255;
      lo = lo >> 8;
      set[7] = lo & 255;
      lo = lo >> 8;
      set[6] = lo & 255;
      lo = lo >> 8;
      set[5] = lo & 255;
      set[4] = hi & 255;
      hi = hi >> 8;
      set[3] = hi & 255;
      hi = hi >> 8;
      set[2] = hi & 255;
      hi = hi >> 8;
      set[1] = hi & 255;
      writer.push(set);
    } else {
      throw new Error(`${decodeErrPrefix} encountered BigInt larger than allowable range`);
    }
  }
}
encodeUint.encodedSize = function encodedSize(token) {
  return encodeUintValue.encodedSize(token.value);
};
encodeUintValue.encodedSize = function encodedSize2(uint) {
  if (uint < uintBoundaries[0]) {
    return 1;
  }
  if (uint < uintBoundaries[1]) {
    return 2;
  }
  if (uint < uintBoundaries[2]) {
    return 3;
  }
  if (uint < uintBoundaries[3]) {
    return 5;
  }
  return 9;
};
encodeUint.compareTokens = function compareTokens(tok1, tok2) {
  return tok1.value < tok2.value ? -1 : tok1.value > tok2.value ? 1 : 0;
};

// node_modules/cborg/lib/1negint.js
function decodeNegint8(data, pos, _minor, options) {
  return new Token(Type.negint, -1 - readUint8(data, pos + 1, options), 2);
}
function decodeNegint16(data, pos, _minor, options) {
  return new Token(Type.negint, -1 - readUint16(data, pos + 1, options), 3);
}
function decodeNegint32(data, pos, _minor, options) {
  return new Token(Type.negint, -1 - readUint32(data, pos + 1, options), 5);
}
var neg1b = BigInt(-1);
var pos1b = BigInt(1);
function decodeNegint64(data, pos, _minor, options) {
  const int = readUint64(data, pos + 1, options);
  if (typeof int !== "bigint") {
    const value = -1 - int;
    if (value >= Number.MIN_SAFE_INTEGER) {
      return new Token(Type.negint, value, 9);
    }
  }
  if (options.allowBigInt !== true) {
    throw new Error(`${decodeErrPrefix} integers outside of the safe integer range are not supported`);
  }
  return new Token(Type.negint, neg1b - BigInt(int), 9);
}
function encodeNegint(writer, token) {
  const negint = token.value;
  const unsigned = typeof negint === "bigint" ? negint * neg1b - pos1b : negint * -1 - 1;
  encodeUintValue(writer, token.type.majorEncoded, unsigned);
}
encodeNegint.encodedSize = function encodedSize3(token) {
  const negint = token.value;
  const unsigned = typeof negint === "bigint" ? negint * neg1b - pos1b : negint * -1 - 1;
  if (unsigned < uintBoundaries[0]) {
    return 1;
  }
  if (unsigned < uintBoundaries[1]) {
    return 2;
  }
  if (unsigned < uintBoundaries[2]) {
    return 3;
  }
  if (unsigned < uintBoundaries[3]) {
    return 5;
  }
  return 9;
};
encodeNegint.compareTokens = function compareTokens2(tok1, tok2) {
  return tok1.value < tok2.value ? 1 : tok1.value > tok2.value ? -1 : 0;
};

// node_modules/cborg/lib/2bytes.js
function toToken(data, pos, prefix, length) {
  assertEnoughData(data, pos, prefix + length);
  const buf = data.slice(pos + prefix, pos + prefix + length);
  return new Token(Type.bytes, buf, prefix + length);
}
function decodeBytesCompact(data, pos, minor, _options) {
  return toToken(data, pos, 1, minor);
}
function decodeBytes8(data, pos, _minor, options) {
  return toToken(data, pos, 2, readUint8(data, pos + 1, options));
}
function decodeBytes16(data, pos, _minor, options) {
  return toToken(data, pos, 3, readUint16(data, pos + 1, options));
}
function decodeBytes32(data, pos, _minor, options) {
  return toToken(data, pos, 5, readUint32(data, pos + 1, options));
}
function decodeBytes64(data, pos, _minor, options) {
  const l = readUint64(data, pos + 1, options);
  if (typeof l === "bigint") {
    throw new Error(`${decodeErrPrefix} 64-bit integer bytes lengths not supported`);
  }
  return toToken(data, pos, 9, l);
}
function tokenBytes(token) {
  if (token.encodedBytes === void 0) {
    token.encodedBytes = Type.equals(token.type, Type.string) ? fromString(token.value) : token.value;
  }
  return token.encodedBytes;
}
function encodeBytes(writer, token) {
  const bytes = tokenBytes(token);
  encodeUintValue(writer, token.type.majorEncoded, bytes.length);
  writer.push(bytes);
}
encodeBytes.encodedSize = function encodedSize4(token) {
  const bytes = tokenBytes(token);
  return encodeUintValue.encodedSize(bytes.length) + bytes.length;
};
encodeBytes.compareTokens = function compareTokens3(tok1, tok2) {
  return compareBytes(tokenBytes(tok1), tokenBytes(tok2));
};
function compareBytes(b1, b2) {
  return b1.length < b2.length ? -1 : b1.length > b2.length ? 1 : compare(b1, b2);
}

// node_modules/cborg/lib/3string.js
var textDecoder = new TextDecoder();
var ASCII_THRESHOLD = 32;
function toStr(bytes, start, end) {
  const len = end - start;
  if (len < ASCII_THRESHOLD) {
    let str = "";
    for (let i = start; i < end; i++) {
      const c = bytes[i];
      if (c & 128) {
        return textDecoder.decode(bytes.subarray(start, end));
      }
      str += String.fromCharCode(c);
    }
    return str;
  }
  return textDecoder.decode(bytes.subarray(start, end));
}
function toToken2(data, pos, prefix, length, options) {
  const totLength = prefix + length;
  assertEnoughData(data, pos, totLength);
  const tok = new Token(Type.string, toStr(data, pos + prefix, pos + totLength), totLength);
  if (options.retainStringBytes === true) {
    tok.byteValue = data.slice(pos + prefix, pos + totLength);
  }
  return tok;
}
function decodeStringCompact(data, pos, minor, options) {
  return toToken2(data, pos, 1, minor, options);
}
function decodeString8(data, pos, _minor, options) {
  return toToken2(data, pos, 2, readUint8(data, pos + 1, options), options);
}
function decodeString16(data, pos, _minor, options) {
  return toToken2(data, pos, 3, readUint16(data, pos + 1, options), options);
}
function decodeString32(data, pos, _minor, options) {
  return toToken2(data, pos, 5, readUint32(data, pos + 1, options), options);
}
function decodeString64(data, pos, _minor, options) {
  const l = readUint64(data, pos + 1, options);
  if (typeof l === "bigint") {
    throw new Error(`${decodeErrPrefix} 64-bit integer string lengths not supported`);
  }
  return toToken2(data, pos, 9, l, options);
}
var encodeString = encodeBytes;

// node_modules/cborg/lib/4array.js
function toToken3(_data, _pos, prefix, length) {
  return new Token(Type.array, length, prefix);
}
function decodeArrayCompact(data, pos, minor, _options) {
  return toToken3(data, pos, 1, minor);
}
function decodeArray8(data, pos, _minor, options) {
  return toToken3(data, pos, 2, readUint8(data, pos + 1, options));
}
function decodeArray16(data, pos, _minor, options) {
  return toToken3(data, pos, 3, readUint16(data, pos + 1, options));
}
function decodeArray32(data, pos, _minor, options) {
  return toToken3(data, pos, 5, readUint32(data, pos + 1, options));
}
function decodeArray64(data, pos, _minor, options) {
  const l = readUint64(data, pos + 1, options);
  if (typeof l === "bigint") {
    throw new Error(`${decodeErrPrefix} 64-bit integer array lengths not supported`);
  }
  return toToken3(data, pos, 9, l);
}
function decodeArrayIndefinite(data, pos, _minor, options) {
  if (options.allowIndefinite === false) {
    throw new Error(`${decodeErrPrefix} indefinite length items not allowed`);
  }
  return toToken3(data, pos, 1, Infinity);
}
function encodeArray(writer, token) {
  encodeUintValue(writer, Type.array.majorEncoded, token.value);
}
encodeArray.compareTokens = encodeUint.compareTokens;
encodeArray.encodedSize = function encodedSize5(token) {
  return encodeUintValue.encodedSize(token.value);
};

// node_modules/cborg/lib/5map.js
function toToken4(_data, _pos, prefix, length) {
  return new Token(Type.map, length, prefix);
}
function decodeMapCompact(data, pos, minor, _options) {
  return toToken4(data, pos, 1, minor);
}
function decodeMap8(data, pos, _minor, options) {
  return toToken4(data, pos, 2, readUint8(data, pos + 1, options));
}
function decodeMap16(data, pos, _minor, options) {
  return toToken4(data, pos, 3, readUint16(data, pos + 1, options));
}
function decodeMap32(data, pos, _minor, options) {
  return toToken4(data, pos, 5, readUint32(data, pos + 1, options));
}
function decodeMap64(data, pos, _minor, options) {
  const l = readUint64(data, pos + 1, options);
  if (typeof l === "bigint") {
    throw new Error(`${decodeErrPrefix} 64-bit integer map lengths not supported`);
  }
  return toToken4(data, pos, 9, l);
}
function decodeMapIndefinite(data, pos, _minor, options) {
  if (options.allowIndefinite === false) {
    throw new Error(`${decodeErrPrefix} indefinite length items not allowed`);
  }
  return toToken4(data, pos, 1, Infinity);
}
function encodeMap(writer, token) {
  encodeUintValue(writer, Type.map.majorEncoded, token.value);
}
encodeMap.compareTokens = encodeUint.compareTokens;
encodeMap.encodedSize = function encodedSize6(token) {
  return encodeUintValue.encodedSize(token.value);
};

// node_modules/cborg/lib/6tag.js
function decodeTagCompact(_data, _pos, minor, _options) {
  return new Token(Type.tag, minor, 1);
}
function decodeTag8(data, pos, _minor, options) {
  return new Token(Type.tag, readUint8(data, pos + 1, options), 2);
}
function decodeTag16(data, pos, _minor, options) {
  return new Token(Type.tag, readUint16(data, pos + 1, options), 3);
}
function decodeTag32(data, pos, _minor, options) {
  return new Token(Type.tag, readUint32(data, pos + 1, options), 5);
}
function decodeTag64(data, pos, _minor, options) {
  return new Token(Type.tag, readUint64(data, pos + 1, options), 9);
}
function encodeTag(writer, token) {
  encodeUintValue(writer, Type.tag.majorEncoded, token.value);
}
encodeTag.compareTokens = encodeUint.compareTokens;
encodeTag.encodedSize = function encodedSize7(token) {
  return encodeUintValue.encodedSize(token.value);
};

// node_modules/cborg/lib/7float.js
var MINOR_FALSE = 20;
var MINOR_TRUE = 21;
var MINOR_NULL = 22;
var MINOR_UNDEFINED = 23;
function decodeUndefined(_data, _pos, _minor, options) {
  if (options.allowUndefined === false) {
    throw new Error(`${decodeErrPrefix} undefined values are not supported`);
  } else if (options.coerceUndefinedToNull === true) {
    return new Token(Type.null, null, 1);
  }
  return new Token(Type.undefined, void 0, 1);
}
function decodeBreak(_data, _pos, _minor, options) {
  if (options.allowIndefinite === false) {
    throw new Error(`${decodeErrPrefix} indefinite length items not allowed`);
  }
  return new Token(Type.break, void 0, 1);
}
function createToken(value, bytes, options) {
  if (options) {
    if (options.allowNaN === false && Number.isNaN(value)) {
      throw new Error(`${decodeErrPrefix} NaN values are not supported`);
    }
    if (options.allowInfinity === false && (value === Infinity || value === -Infinity)) {
      throw new Error(`${decodeErrPrefix} Infinity values are not supported`);
    }
  }
  return new Token(Type.float, value, bytes);
}
function decodeFloat16(data, pos, _minor, options) {
  return createToken(readFloat16(data, pos + 1), 3, options);
}
function decodeFloat32(data, pos, _minor, options) {
  return createToken(readFloat32(data, pos + 1), 5, options);
}
function decodeFloat64(data, pos, _minor, options) {
  return createToken(readFloat64(data, pos + 1), 9, options);
}
function encodeFloat(writer, token, options) {
  const float = token.value;
  if (float === false) {
    writer.pushByte(Type.float.majorEncoded | MINOR_FALSE);
  } else if (float === true) {
    writer.pushByte(Type.float.majorEncoded | MINOR_TRUE);
  } else if (float === null) {
    writer.pushByte(Type.float.majorEncoded | MINOR_NULL);
  } else if (float === void 0) {
    writer.pushByte(Type.float.majorEncoded | MINOR_UNDEFINED);
  } else {
    let decoded;
    let success = false;
    if (!options || options.float64 !== true) {
      encodeFloat16(float);
      decoded = readFloat16(ui8a, 1);
      if (float === decoded || Number.isNaN(float)) {
        ui8a[0] = 249;
        writer.push(ui8a.slice(0, 3));
        success = true;
      } else {
        encodeFloat32(float);
        decoded = readFloat32(ui8a, 1);
        if (float === decoded) {
          ui8a[0] = 250;
          writer.push(ui8a.slice(0, 5));
          success = true;
        }
      }
    }
    if (!success) {
      encodeFloat64(float);
      decoded = readFloat64(ui8a, 1);
      ui8a[0] = 251;
      writer.push(ui8a.slice(0, 9));
    }
  }
}
encodeFloat.encodedSize = function encodedSize8(token, options) {
  const float = token.value;
  if (float === false || float === true || float === null || float === void 0) {
    return 1;
  }
  if (!options || options.float64 !== true) {
    encodeFloat16(float);
    let decoded = readFloat16(ui8a, 1);
    if (float === decoded || Number.isNaN(float)) {
      return 3;
    }
    encodeFloat32(float);
    decoded = readFloat32(ui8a, 1);
    if (float === decoded) {
      return 5;
    }
  }
  return 9;
};
var buffer = new ArrayBuffer(9);
var dataView = new DataView(buffer, 1);
var ui8a = new Uint8Array(buffer, 0);
function encodeFloat16(inp) {
  if (inp === Infinity) {
    dataView.setUint16(0, 31744, false);
  } else if (inp === -Infinity) {
    dataView.setUint16(0, 64512, false);
  } else if (Number.isNaN(inp)) {
    dataView.setUint16(0, 32256, false);
  } else {
    dataView.setFloat32(0, inp);
    const valu32 = dataView.getUint32(0);
    const exponent = (valu32 & 2139095040) >> 23;
    const mantissa = valu32 & 8388607;
    if (exponent === 255) {
      dataView.setUint16(0, 31744, false);
    } else if (exponent === 0) {
      dataView.setUint16(0, (valu32 & 2147483648) >> 16 | mantissa >> 13, false);
    } else {
      const logicalExponent = exponent - 127;
      if (logicalExponent < -24) {
        dataView.setUint16(0, 0);
      } else if (logicalExponent < -14) {
        dataView.setUint16(0, (valu32 & 2147483648) >> 16 | /* sign bit */
        1 << 24 + logicalExponent, false);
      } else {
        dataView.setUint16(0, (valu32 & 2147483648) >> 16 | logicalExponent + 15 << 10 | mantissa >> 13, false);
      }
    }
  }
}
function readFloat16(ui8a2, pos) {
  if (ui8a2.length - pos < 2) {
    throw new Error(`${decodeErrPrefix} not enough data for float16`);
  }
  const half = (ui8a2[pos] << 8) + ui8a2[pos + 1];
  if (half === 31744) {
    return Infinity;
  }
  if (half === 64512) {
    return -Infinity;
  }
  if (half === 32256) {
    return NaN;
  }
  const exp = half >> 10 & 31;
  const mant = half & 1023;
  let val;
  if (exp === 0) {
    val = mant * 2 ** -24;
  } else if (exp !== 31) {
    val = (mant + 1024) * 2 ** (exp - 25);
  } else {
    val = mant === 0 ? Infinity : NaN;
  }
  return half & 32768 ? -val : val;
}
function encodeFloat32(inp) {
  dataView.setFloat32(0, inp, false);
}
function readFloat32(ui8a2, pos) {
  if (ui8a2.length - pos < 4) {
    throw new Error(`${decodeErrPrefix} not enough data for float32`);
  }
  const offset = (ui8a2.byteOffset || 0) + pos;
  return new DataView(ui8a2.buffer, offset, 4).getFloat32(0, false);
}
function encodeFloat64(inp) {
  dataView.setFloat64(0, inp, false);
}
function readFloat64(ui8a2, pos) {
  if (ui8a2.length - pos < 8) {
    throw new Error(`${decodeErrPrefix} not enough data for float64`);
  }
  const offset = (ui8a2.byteOffset || 0) + pos;
  return new DataView(ui8a2.buffer, offset, 8).getFloat64(0, false);
}
function encodeMajorSevenBytes(token, float64) {
  const float = token.value;
  if (float === false) {
    return Uint8Array.of(Type.float.majorEncoded | MINOR_FALSE);
  }
  if (float === true) {
    return Uint8Array.of(Type.float.majorEncoded | MINOR_TRUE);
  }
  if (float === null) {
    return Uint8Array.of(Type.float.majorEncoded | MINOR_NULL);
  }
  if (float === void 0) {
    return Uint8Array.of(Type.float.majorEncoded | MINOR_UNDEFINED);
  }
  if (!float64) {
    encodeFloat16(float);
    if (float === readFloat16(ui8a, 1) || Number.isNaN(float)) {
      ui8a[0] = 249;
      return ui8a.slice(0, 3);
    }
    encodeFloat32(float);
    if (float === readFloat32(ui8a, 1)) {
      ui8a[0] = 250;
      return ui8a.slice(0, 5);
    }
  }
  encodeFloat64(float);
  ui8a[0] = 251;
  return ui8a.slice(0, 9);
}
function majorSevenBytes(token, options) {
  const tokenEx = (
    /** @type {TokenEx} */
    token
  );
  const float64 = options?.float64 === true;
  const cached = float64 ? tokenEx._keyBytesFloat64 : tokenEx._keyBytes;
  if (cached !== void 0) {
    return cached;
  }
  const bytes = encodeMajorSevenBytes(token, float64);
  if (float64) {
    tokenEx._keyBytesFloat64 = bytes;
  } else {
    tokenEx._keyBytes = bytes;
  }
  return bytes;
}
encodeFloat.compareTokens = function compareTokens4(tok1, tok2, options) {
  const b1 = majorSevenBytes(tok1, options);
  const b2 = majorSevenBytes(tok2, options);
  if (b1.length !== b2.length) {
    return b1.length < b2.length ? -1 : 1;
  }
  return compare(b1, b2);
};

// node_modules/cborg/lib/jump.js
function invalidMinor(data, pos, minor) {
  throw new Error(`${decodeErrPrefix} encountered invalid minor (${minor}) for major ${data[pos] >>> 5}`);
}
function errorer(msg) {
  return () => {
    throw new Error(`${decodeErrPrefix} ${msg}`);
  };
}
var jump = [];
for (let i = 0; i <= 23; i++) {
  jump[i] = invalidMinor;
}
jump[24] = decodeUint8;
jump[25] = decodeUint16;
jump[26] = decodeUint32;
jump[27] = decodeUint64;
jump[28] = invalidMinor;
jump[29] = invalidMinor;
jump[30] = invalidMinor;
jump[31] = invalidMinor;
for (let i = 32; i <= 55; i++) {
  jump[i] = invalidMinor;
}
jump[56] = decodeNegint8;
jump[57] = decodeNegint16;
jump[58] = decodeNegint32;
jump[59] = decodeNegint64;
jump[60] = invalidMinor;
jump[61] = invalidMinor;
jump[62] = invalidMinor;
jump[63] = invalidMinor;
for (let i = 64; i <= 87; i++) {
  jump[i] = decodeBytesCompact;
}
jump[88] = decodeBytes8;
jump[89] = decodeBytes16;
jump[90] = decodeBytes32;
jump[91] = decodeBytes64;
jump[92] = invalidMinor;
jump[93] = invalidMinor;
jump[94] = invalidMinor;
jump[95] = errorer("indefinite length bytes/strings are not supported");
for (let i = 96; i <= 119; i++) {
  jump[i] = decodeStringCompact;
}
jump[120] = decodeString8;
jump[121] = decodeString16;
jump[122] = decodeString32;
jump[123] = decodeString64;
jump[124] = invalidMinor;
jump[125] = invalidMinor;
jump[126] = invalidMinor;
jump[127] = errorer("indefinite length bytes/strings are not supported");
for (let i = 128; i <= 151; i++) {
  jump[i] = decodeArrayCompact;
}
jump[152] = decodeArray8;
jump[153] = decodeArray16;
jump[154] = decodeArray32;
jump[155] = decodeArray64;
jump[156] = invalidMinor;
jump[157] = invalidMinor;
jump[158] = invalidMinor;
jump[159] = decodeArrayIndefinite;
for (let i = 160; i <= 183; i++) {
  jump[i] = decodeMapCompact;
}
jump[184] = decodeMap8;
jump[185] = decodeMap16;
jump[186] = decodeMap32;
jump[187] = decodeMap64;
jump[188] = invalidMinor;
jump[189] = invalidMinor;
jump[190] = invalidMinor;
jump[191] = decodeMapIndefinite;
for (let i = 192; i <= 215; i++) {
  jump[i] = decodeTagCompact;
}
jump[216] = decodeTag8;
jump[217] = decodeTag16;
jump[218] = decodeTag32;
jump[219] = decodeTag64;
jump[220] = invalidMinor;
jump[221] = invalidMinor;
jump[222] = invalidMinor;
jump[223] = invalidMinor;
for (let i = 224; i <= 243; i++) {
  jump[i] = errorer("simple values are not supported");
}
jump[244] = invalidMinor;
jump[245] = invalidMinor;
jump[246] = invalidMinor;
jump[247] = decodeUndefined;
jump[248] = errorer("simple values are not supported");
jump[249] = decodeFloat16;
jump[250] = decodeFloat32;
jump[251] = decodeFloat64;
jump[252] = invalidMinor;
jump[253] = invalidMinor;
jump[254] = invalidMinor;
jump[255] = decodeBreak;
var quick = [];
for (let i = 0; i < 24; i++) {
  quick[i] = new Token(Type.uint, i, 1);
}
for (let i = -1; i >= -24; i--) {
  quick[31 - i] = new Token(Type.negint, i, 1);
}
quick[64] = new Token(Type.bytes, new Uint8Array(0), 1);
quick[96] = new Token(Type.string, "", 1);
quick[128] = new Token(Type.array, 0, 1);
quick[160] = new Token(Type.map, 0, 1);
quick[244] = new Token(Type.false, false, 1);
quick[245] = new Token(Type.true, true, 1);
quick[246] = new Token(Type.null, null, 1);
function quickEncodeToken(token) {
  switch (token.type) {
    case Type.false:
      return fromArray([244]);
    case Type.true:
      return fromArray([245]);
    case Type.null:
      return fromArray([246]);
    case Type.bytes:
      if (!token.value.length) {
        return fromArray([64]);
      }
      return;
    case Type.string:
      if (token.value === "") {
        return fromArray([96]);
      }
      return;
    case Type.array:
      if (token.value === 0) {
        return fromArray([128]);
      }
      return;
    case Type.map:
      if (token.value === 0) {
        return fromArray([160]);
      }
      return;
    case Type.uint:
      if (token.value < 24) {
        return fromArray([Number(token.value)]);
      }
      return;
    case Type.negint:
      if (token.value >= -24) {
        return fromArray([31 - Number(token.value)]);
      }
  }
}

// node_modules/cborg/lib/encode.js
var defaultEncodeOptions = {
  float64: false,
  mapSorter,
  quickEncodeToken
};
var rfc8949EncodeOptions = Object.freeze({
  mapSorter: rfc8949MapSorter,
  quickEncodeToken
});
function makeCborEncoders() {
  const encoders = [];
  encoders[Type.uint.major] = encodeUint;
  encoders[Type.negint.major] = encodeNegint;
  encoders[Type.bytes.major] = encodeBytes;
  encoders[Type.string.major] = encodeString;
  encoders[Type.array.major] = encodeArray;
  encoders[Type.map.major] = encodeMap;
  encoders[Type.tag.major] = encodeTag;
  encoders[Type.float.major] = encodeFloat;
  return encoders;
}
var cborEncoders = makeCborEncoders();
var defaultWriter = new Bl();
var Ref = class _Ref {
  /**
   * @param {object|any[]} obj
   * @param {Reference|undefined} parent
   */
  constructor(obj, parent) {
    this.obj = obj;
    this.parent = parent;
  }
  /**
   * @param {object|any[]} obj
   * @returns {boolean}
   */
  includes(obj) {
    let p = this;
    do {
      if (p.obj === obj) {
        return true;
      }
    } while (p = p.parent);
    return false;
  }
  /**
   * @param {Reference|undefined} stack
   * @param {object|any[]} obj
   * @returns {Reference}
   */
  static createCheck(stack, obj) {
    if (stack && stack.includes(obj)) {
      throw new Error(`${encodeErrPrefix} object contains circular references`);
    }
    return new _Ref(obj, stack);
  }
};
var simpleTokens = {
  null: new Token(Type.null, null),
  undefined: new Token(Type.undefined, void 0),
  true: new Token(Type.true, true),
  false: new Token(Type.false, false),
  emptyArray: new Token(Type.array, 0),
  emptyMap: new Token(Type.map, 0)
};
var typeEncoders = {
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  number(obj, _typ, _options, _refStack) {
    if (!Number.isInteger(obj) || !Number.isSafeInteger(obj)) {
      return new Token(Type.float, obj);
    } else if (obj >= 0) {
      return new Token(Type.uint, obj);
    } else {
      return new Token(Type.negint, obj);
    }
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  bigint(obj, _typ, _options, _refStack) {
    if (obj >= BigInt(0)) {
      return new Token(Type.uint, obj);
    } else {
      return new Token(Type.negint, obj);
    }
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  Uint8Array(obj, _typ, _options, _refStack) {
    return new Token(Type.bytes, obj);
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  string(obj, _typ, _options, _refStack) {
    return new Token(Type.string, obj);
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  boolean(obj, _typ, _options, _refStack) {
    return obj ? simpleTokens.true : simpleTokens.false;
  },
  /**
   * @param {any} _obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  null(_obj, _typ, _options, _refStack) {
    return simpleTokens.null;
  },
  /**
   * @param {any} _obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  undefined(_obj, _typ, _options, _refStack) {
    return simpleTokens.undefined;
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  ArrayBuffer(obj, _typ, _options, _refStack) {
    return new Token(Type.bytes, new Uint8Array(obj));
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} _options
   * @param {Reference} [_refStack]
   * @returns {TokenOrNestedTokens}
   */
  DataView(obj, _typ, _options, _refStack) {
    return new Token(Type.bytes, new Uint8Array(obj.buffer, obj.byteOffset, obj.byteLength));
  },
  /**
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} options
   * @param {Reference} [refStack]
   * @returns {TokenOrNestedTokens}
   */
  Array(obj, _typ, options, refStack) {
    if (!obj.length) {
      if (options.addBreakTokens === true) {
        return [simpleTokens.emptyArray, new Token(Type.break)];
      }
      return simpleTokens.emptyArray;
    }
    refStack = Ref.createCheck(refStack, obj);
    const entries = [];
    let i = 0;
    for (const e of obj) {
      entries[i++] = objectToTokens(e, options, refStack);
    }
    if (options.addBreakTokens) {
      return [new Token(Type.array, obj.length), entries, new Token(Type.break)];
    }
    return [new Token(Type.array, obj.length), entries];
  },
  /**
   * @param {any} obj
   * @param {string} typ
   * @param {EncodeOptions} options
   * @param {Reference} [refStack]
   * @returns {TokenOrNestedTokens}
   */
  Object(obj, typ, options, refStack) {
    const isMap = typ !== "Object";
    const keys = isMap ? obj.keys() : Object.keys(obj);
    const maxLength = isMap ? obj.size : keys.length;
    let entries;
    if (maxLength) {
      entries = new Array(maxLength);
      refStack = Ref.createCheck(refStack, obj);
      const skipUndefined = !isMap && options.ignoreUndefinedProperties;
      let i = 0;
      for (const key2 of keys) {
        const value = isMap ? obj.get(key2) : obj[key2];
        if (skipUndefined && value === void 0) {
          continue;
        }
        entries[i++] = [
          objectToTokens(key2, options, refStack),
          objectToTokens(value, options, refStack)
        ];
      }
      if (i < maxLength) {
        entries.length = i;
      }
    }
    if (!entries?.length) {
      if (options.addBreakTokens === true) {
        return [simpleTokens.emptyMap, new Token(Type.break)];
      }
      return simpleTokens.emptyMap;
    }
    sortMapEntries(entries, options);
    if (options.addBreakTokens) {
      return [new Token(Type.map, entries.length), entries, new Token(Type.break)];
    }
    return [new Token(Type.map, entries.length), entries];
  },
  /**
   * Encode a `Tagged` wrapper as a CBOR tag header followed by the encoded
   * form of the wrapped value. The value is recursively tokenised through
   * `objectToTokens()` so any registered `typeEncoders` apply to it.
   *
   * @param {any} obj
   * @param {string} _typ
   * @param {EncodeOptions} options
   * @param {Reference} [refStack]
   * @returns {TokenOrNestedTokens}
   */
  Tagged(obj, _typ, options, refStack) {
    return [
      new Token(Type.tag, obj.tag),
      objectToTokens(obj.value, options, refStack)
    ];
  }
};
typeEncoders.Map = typeEncoders.Object;
typeEncoders.Buffer = typeEncoders.Uint8Array;
for (const typ of "Uint8Clamped Uint16 Uint32 Int8 Int16 Int32 BigUint64 BigInt64 Float32 Float64".split(" ")) {
  typeEncoders[`${typ}Array`] = typeEncoders.DataView;
}
function objectToTokens(obj, options = {}, refStack) {
  const typ = is(obj);
  const customTypeEncoder = options && options.typeEncoders && /** @type {OptionalTypeEncoder} */
  options.typeEncoders[typ] || typeEncoders[typ];
  if (typeof customTypeEncoder === "function") {
    const tokens = customTypeEncoder(obj, typ, options, refStack);
    if (tokens != null) {
      return tokens;
    }
  }
  const typeEncoder = typeEncoders[typ];
  if (!typeEncoder) {
    throw new Error(`${encodeErrPrefix} unsupported type: ${typ}`);
  }
  return typeEncoder(obj, typ, options, refStack);
}
function sortMapEntries(entries, options) {
  const mapSorter2 = (
    /** @type {(e1: TokenOrNestedTokens, e2: TokenOrNestedTokens, options?: EncodeOptions) => number} */
    options.mapSorter
  );
  if (mapSorter2) {
    entries.sort((e1, e2) => mapSorter2(e1, e2, options));
  }
}
function mapSorter(e1, e2, options) {
  const keyToken1 = Array.isArray(e1[0]) ? e1[0][0] : e1[0];
  const keyToken2 = Array.isArray(e2[0]) ? e2[0][0] : e2[0];
  if (keyToken1.type.major !== keyToken2.type.major) {
    return keyToken1.type.compare(keyToken2.type);
  }
  const major = keyToken1.type.major;
  const tcmp = cborEncoders[major].compareTokens(keyToken1, keyToken2, options);
  if (tcmp === 0) {
    console.warn("WARNING: complex key types used, CBOR key sorting guarantees are gone");
  }
  return tcmp;
}
function rfc8949MapSorter(e1, e2) {
  if (e1[0] instanceof Token && e2[0] instanceof Token) {
    const t1 = (
      /** @type {TokenEx} */
      e1[0]
    );
    const t2 = (
      /** @type {TokenEx} */
      e2[0]
    );
    if (!t1._keyBytes) {
      t1._keyBytes = encodeRfc8949(t1.value);
    }
    if (!t2._keyBytes) {
      t2._keyBytes = encodeRfc8949(t2.value);
    }
    return compare(t1._keyBytes, t2._keyBytes);
  }
  throw new Error("rfc8949MapSorter: complex key types are not supported yet");
}
function encodeRfc8949(data) {
  return encodeCustom(data, cborEncoders, rfc8949EncodeOptions);
}
function tokensToEncoded(writer, tokens, encoders, options) {
  if (Array.isArray(tokens)) {
    for (const token of tokens) {
      tokensToEncoded(writer, token, encoders, options);
    }
  } else {
    encoders[tokens.type.major](writer, tokens, options);
  }
}
var MAJOR_UINT = Type.uint.majorEncoded;
var MAJOR_NEGINT = Type.negint.majorEncoded;
var MAJOR_BYTES = Type.bytes.majorEncoded;
var MAJOR_STRING = Type.string.majorEncoded;
var MAJOR_ARRAY = Type.array.majorEncoded;
var MAJOR_MAP = Type.map.majorEncoded;
var SIMPLE_FALSE = Type.float.majorEncoded | MINOR_FALSE;
var SIMPLE_TRUE = Type.float.majorEncoded | MINOR_TRUE;
var SIMPLE_NULL = Type.float.majorEncoded | MINOR_NULL;
var SIMPLE_UNDEFINED = Type.float.majorEncoded | MINOR_UNDEFINED;
var neg1b2 = BigInt(-1);
var pos1b2 = BigInt(1);
function directEncodeUintValue(writer, major, uint) {
  if (uint < 24) {
    writer.pushByte(major | Number(uint));
  } else {
    encodeUintValue(writer, major, uint);
  }
}
function canDirectEncode(options) {
  return options.addBreakTokens !== true;
}
function directEncodeMap(writer, data, typ, options, refStack) {
  const isMap = typ === "Map";
  const keys = isMap ? data.keys() : Object.keys(data);
  const maxLength = isMap ? data.size : keys.length;
  if (!maxLength) {
    writer.pushByte(MAJOR_MAP);
    return;
  }
  refStack = Ref.createCheck(refStack, data);
  const skipUndefined = !isMap && options.ignoreUndefinedProperties;
  const entries = new Array(maxLength);
  let length = 0;
  for (const key2 of keys) {
    const value = isMap ? data.get(key2) : data[key2];
    if (skipUndefined && value === void 0) {
      continue;
    }
    entries[length++] = [objectToTokens(key2, options, refStack), value];
  }
  if (length === 0) {
    writer.pushByte(MAJOR_MAP);
    return;
  }
  if (length < maxLength) {
    entries.length = length;
  }
  entries.sort((e1, e2) => mapSorter(e1, e2, options));
  directEncodeUintValue(writer, MAJOR_MAP, length);
  for (const [key2, value] of entries) {
    tokensToEncoded(writer, key2, cborEncoders, options);
    directEncode(writer, value, options, refStack);
  }
}
function directEncode(writer, data, options, refStack) {
  const typ = is(data);
  const customEncoder = options.typeEncoders && options.typeEncoders[typ];
  if (customEncoder) {
    const tokens = customEncoder(data, typ, options, refStack);
    if (tokens != null) {
      tokensToEncoded(writer, tokens, cborEncoders, options);
      return;
    }
  }
  switch (typ) {
    case "null":
      writer.pushByte(SIMPLE_NULL);
      return;
    case "undefined":
      writer.pushByte(SIMPLE_UNDEFINED);
      return;
    case "boolean":
      writer.pushByte(data ? SIMPLE_TRUE : SIMPLE_FALSE);
      return;
    case "number":
      if (!Number.isInteger(data) || !Number.isSafeInteger(data)) {
        encodeFloat(writer, new Token(Type.float, data), options);
      } else if (data >= 0) {
        directEncodeUintValue(writer, MAJOR_UINT, data);
      } else {
        directEncodeUintValue(writer, MAJOR_NEGINT, data * -1 - 1);
      }
      return;
    case "bigint":
      if (data >= BigInt(0)) {
        directEncodeUintValue(writer, MAJOR_UINT, data);
      } else {
        directEncodeUintValue(writer, MAJOR_NEGINT, data * neg1b2 - pos1b2);
      }
      return;
    case "string": {
      const bytes = fromString(data);
      directEncodeUintValue(writer, MAJOR_STRING, bytes.length);
      writer.push(bytes);
      return;
    }
    case "Uint8Array":
      directEncodeUintValue(writer, MAJOR_BYTES, data.length);
      writer.push(data);
      return;
    case "Array":
      if (!data.length) {
        writer.pushByte(MAJOR_ARRAY);
        return;
      }
      refStack = Ref.createCheck(refStack, data);
      directEncodeUintValue(writer, MAJOR_ARRAY, data.length);
      for (const elem of data) {
        directEncode(writer, elem, options, refStack);
      }
      return;
    case "Object":
    case "Map":
      if (options.mapSorter === mapSorter) {
        directEncodeMap(writer, data, typ, options, refStack);
      } else {
        const tokens = typeEncoders.Object(data, typ, options, refStack);
        tokensToEncoded(writer, tokens, cborEncoders, options);
      }
      return;
    default: {
      const typeEncoder = typeEncoders[typ];
      if (!typeEncoder) {
        throw new Error(`${encodeErrPrefix} unsupported type: ${typ}`);
      }
      const tokens = typeEncoder(data, typ, options, refStack);
      tokensToEncoded(writer, tokens, cborEncoders, options);
    }
  }
}
function encodeCustom(data, encoders, options, destination) {
  const hasDest = destination instanceof Uint8Array;
  let writeTo = hasDest ? new U8Bl(destination) : defaultWriter;
  const tokens = objectToTokens(data, options);
  if (!Array.isArray(tokens) && options.quickEncodeToken) {
    const quickBytes = options.quickEncodeToken(tokens);
    if (quickBytes) {
      if (hasDest) {
        writeTo.push(quickBytes);
        return writeTo.toBytes();
      }
      return quickBytes;
    }
    const encoder = encoders[tokens.type.major];
    if (encoder.encodedSize) {
      const size = encoder.encodedSize(tokens, options);
      if (!hasDest) {
        writeTo = new Bl(size);
      }
      encoder(writeTo, tokens, options);
      if (writeTo.chunks.length !== 1) {
        throw new Error(`Unexpected error: pre-calculated length for ${tokens} was wrong`);
      }
      return hasDest ? writeTo.toBytes() : asU8A(writeTo.chunks[0]);
    }
  }
  writeTo.reset();
  tokensToEncoded(writeTo, tokens, encoders, options);
  return writeTo.toBytes(true);
}
function encode(data, options) {
  options = Object.assign({}, defaultEncodeOptions, options);
  if (canDirectEncode(options)) {
    defaultWriter.reset();
    directEncode(defaultWriter, data, options, void 0);
    return defaultWriter.toBytes(true);
  }
  return encodeCustom(data, cborEncoders, options);
}

// node_modules/cborg/lib/decode.js
var defaultDecodeOptions = {
  strict: false,
  allowIndefinite: true,
  allowUndefined: true,
  allowBigInt: true
};
var Tokeniser = class {
  /**
   * @param {Uint8Array} data
   * @param {DecodeOptions} options
   */
  constructor(data, options = {}) {
    this._pos = 0;
    this.data = data;
    this.options = options;
  }
  pos() {
    return this._pos;
  }
  done() {
    return this._pos >= this.data.length;
  }
  next() {
    const byt = this.data[this._pos];
    let token = quick[byt];
    if (token === void 0) {
      const decoder = jump[byt];
      if (!decoder) {
        throw new Error(`${decodeErrPrefix} no decoder for major type ${byt >>> 5} (byte 0x${byt.toString(16).padStart(2, "0")})`);
      }
      const minor = byt & 31;
      token = decoder(this.data, this._pos, minor, this.options);
    }
    this._pos += token.encodedLength;
    return token;
  }
};
var DONE = /* @__PURE__ */ Symbol.for("DONE");
var BREAK = /* @__PURE__ */ Symbol.for("BREAK");
function tokenToArray(token, tokeniser, options) {
  const arr = [];
  for (let i = 0; i < token.value; i++) {
    const value = tokensToObject(tokeniser, options);
    if (value === BREAK) {
      if (token.value === Infinity) {
        break;
      }
      throw new Error(`${decodeErrPrefix} got unexpected break to lengthed array`);
    }
    if (value === DONE) {
      throw new Error(`${decodeErrPrefix} found array but not enough entries (got ${i}, expected ${token.value})`);
    }
    arr[i] = value;
  }
  return arr;
}
function tokenToMap(token, tokeniser, options) {
  const useMaps = options.useMaps === true;
  const rejectDuplicateMapKeys = options.rejectDuplicateMapKeys === true;
  const obj = useMaps ? void 0 : {};
  const m = useMaps ? /* @__PURE__ */ new Map() : void 0;
  for (let i = 0; i < token.value; i++) {
    const key2 = tokensToObject(tokeniser, options);
    if (key2 === BREAK) {
      if (token.value === Infinity) {
        break;
      }
      throw new Error(`${decodeErrPrefix} got unexpected break to lengthed map`);
    }
    if (key2 === DONE) {
      throw new Error(`${decodeErrPrefix} found map but not enough entries (got ${i} [no key], expected ${token.value})`);
    }
    if (!useMaps && typeof key2 !== "string") {
      throw new Error(`${decodeErrPrefix} non-string keys not supported (got ${typeof key2})`);
    }
    if (rejectDuplicateMapKeys) {
      if (useMaps && m.has(key2) || !useMaps && Object.hasOwn(obj, key2)) {
        throw new Error(`${decodeErrPrefix} found repeat map key "${key2}"`);
      }
    }
    const value = tokensToObject(tokeniser, options);
    if (value === DONE) {
      throw new Error(`${decodeErrPrefix} found map but not enough entries (got ${i} [no value], expected ${token.value})`);
    }
    if (useMaps) {
      m.set(key2, value);
    } else if (key2 === "__proto__") {
      Object.defineProperty(obj, key2, { value, configurable: true, enumerable: true, writable: true });
    } else {
      obj[key2] = value;
    }
  }
  return useMaps ? m : obj;
}
function* tokenToMapEntries(token, tokeniser, options) {
  for (let i = 0; i < token.value; i++) {
    const key2 = tokensToObject(tokeniser, options);
    if (key2 === BREAK) {
      if (token.value === Infinity) {
        break;
      }
      throw new Error(`${decodeErrPrefix} got unexpected break to lengthed map`);
    }
    if (key2 === DONE) {
      throw new Error(`${decodeErrPrefix} found map but not enough entries (got ${i} [no key], expected ${token.value})`);
    }
    const value = tokensToObject(tokeniser, options);
    if (value === DONE) {
      throw new Error(`${decodeErrPrefix} found map but not enough entries (got ${i} [no value], expected ${token.value})`);
    }
    yield [key2, value];
  }
}
function createTagDecodeControl(tokeniser, options) {
  const decode3 = function() {
    if (decode3._called) {
      throw new Error(`${decodeErrPrefix} tag decode() may only be called once`);
    }
    decode3._called = true;
    const value = tokensToObject(tokeniser, options);
    if (value === DONE) {
      throw new Error(`${decodeErrPrefix} tag content missing`);
    }
    if (value === BREAK) {
      throw new Error(`${decodeErrPrefix} got unexpected break in tag content`);
    }
    return value;
  };
  decode3.entries = function() {
    if (decode3._called) {
      throw new Error(`${decodeErrPrefix} tag decode() may only be called once`);
    }
    decode3._called = true;
    const token = tokeniser.next();
    if (!Type.equals(token.type, Type.map)) {
      throw new Error(`${decodeErrPrefix} entries() requires map content, got ${token.type.name}`);
    }
    const entries = [];
    for (const entry of tokenToMapEntries(token, tokeniser, options)) {
      entries.push(entry);
    }
    return entries;
  };
  decode3._called = false;
  return decode3;
}
function tokensToObject(tokeniser, options) {
  if (tokeniser.done()) {
    return DONE;
  }
  const token = tokeniser.next();
  if (Type.equals(token.type, Type.break)) {
    return BREAK;
  }
  if (token.type.terminal) {
    return token.value;
  }
  if (Type.equals(token.type, Type.array)) {
    return tokenToArray(token, tokeniser, options);
  }
  if (Type.equals(token.type, Type.map)) {
    return tokenToMap(token, tokeniser, options);
  }
  if (Type.equals(token.type, Type.tag)) {
    if (options.tags && typeof options.tags[token.value] === "function") {
      const decodeControl = createTagDecodeControl(tokeniser, options);
      const result2 = options.tags[token.value](decodeControl);
      if (!decodeControl._called) {
        throw new Error(`${decodeErrPrefix} tag decoder must call decode() or entries()`);
      }
      return result2;
    }
    throw new Error(`${decodeErrPrefix} tag not supported (${token.value})`);
  }
  throw new Error("unsupported");
}
function decodeFirst(data, options) {
  if (!(data instanceof Uint8Array)) {
    throw new Error(`${decodeErrPrefix} data to decode must be a Uint8Array`);
  }
  options = Object.assign({}, defaultDecodeOptions, options);
  const u8aData = asU8A(data);
  const tokeniser = options.tokenizer || new Tokeniser(u8aData, options);
  const decoded = tokensToObject(tokeniser, options);
  if (decoded === DONE) {
    throw new Error(`${decodeErrPrefix} did not find any content to decode`);
  }
  if (decoded === BREAK) {
    throw new Error(`${decodeErrPrefix} got unexpected break`);
  }
  return [decoded, data.subarray(tokeniser.pos())];
}
function decode(data, options) {
  const [decoded, remainder] = decodeFirst(data, options);
  if (remainder.length > 0) {
    throw new Error(`${decodeErrPrefix} too many terminals, data makes no sense`);
  }
  return decoded;
}

// node_modules/cborg/lib/tagged.js
var Tagged = class _Tagged {
  /**
   * @param {number} tag - CBOR tag number, a non-negative integer
   * @param {any} value - The value to be tagged; encoded recursively
   */
  constructor(tag2, value) {
    if (typeof tag2 !== "number" || !Number.isInteger(tag2) || tag2 < 0) {
      throw new TypeError("Tagged: tag must be a non-negative integer");
    }
    this.tag = tag2;
    this.value = value;
  }
  /**
   * Build a tag decoder for use in `decode()`'s `tags` option that returns the
   * decoded content wrapped in a `Tagged` instance, preserving the tag number
   * for the caller to inspect.
   *
   * @param {number} tag - The CBOR tag number this decoder will be registered for
   * @returns {TaggedTagDecoder}
   *
   * @example
   * import { decode, Tagged } from 'cborg'
   * const value = decode(bytes, { tags: { 16: Tagged.decoder(16) } })
   * // value instanceof Tagged; value.tag === 16
   */
  static decoder(tag2) {
    return (decode3) => new _Tagged(tag2, decode3());
  }
  /**
   * Build a `tags` option for `decode()` that wraps each listed tag number in
   * a `Tagged` instance, preserving those tags through decode without
   * registering a dedicated decoder per tag.
   *
   * @param {...number} tagNumbers - One or more CBOR tag numbers to preserve
   * @returns {{[tagNumber: number]: TaggedTagDecoder}}
   *
   * @example
   * import { decode, Tagged } from 'cborg'
   * const value = decode(bytes, { tags: Tagged.preserve(16, 96) })
   */
  static preserve(...tagNumbers) {
    const tags = {};
    for (const tag2 of tagNumbers) {
      tags[tag2] = _Tagged.decoder(tag2);
    }
    return tags;
  }
};
Object.defineProperty(Tagged.prototype, Symbol.toStringTag, {
  value: "Tagged"
});

// backend/web/verify/encoding.js
var Malformed = class extends Error {
};
var MAX_DEPTH = 12;
var plain = {
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
  useMaps: true
};
function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
function within(value, levels) {
  if (Array.isArray(value)) return levels > 0 && value.every((one) => within(one, levels - 1));
  if (value instanceof Map) return levels > 0 && [...value].every((pair2) => pair2.every((one) => within(one, levels - 1)));
  return true;
}
function read(data, what, limit, options) {
  if (data.length > limit) throw new Malformed(`${what}: ${data.length} bytes, at most ${limit} are read`);
  let value;
  try {
    value = decode(data, options);
  } catch {
    throw new Malformed(`${what}: not well-formed CBOR`);
  }
  if (!within(value, MAX_DEPTH)) throw new Malformed(`${what}: not well-formed CBOR`);
  return value;
}
function decode2(data, what, limit) {
  const value = read(data, what, limit, plain);
  for (const tokens = new Tokeniser(data, plain); !tokens.done(); ) {
    if (tokens.next().type === Type.float) throw new Malformed(`${what}: holds a float`);
  }
  return value;
}
function decodeDeterministic(data, what, limit) {
  const value = read(data, what, limit, { ...plain, strict: true });
  let again;
  try {
    again = encode(value);
  } catch {
    throw new Malformed(`${what}: holds a value of a foreign type`);
  }
  if (!equal(again, data)) throw new Malformed(`${what}: not in deterministic encoding`);
  return value;
}
var isBytes = (value, size) => value instanceof Uint8Array && (size === void 0 || value.length === size);
var isWhole = (value) => Number.isSafeInteger(value) || typeof value === "bigint";
var isCount = (value) => isWhole(value) && value >= 0 && value < 1n << 63n;
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function fromHex(text2) {
  if (typeof text2 !== "string" || !/^0x([0-9a-f]{2})*$/i.test(text2)) throw new Malformed("not 0x and pairs of hexadecimal digits");
  const bytes = new Uint8Array(text2.length / 2 - 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text2.slice(2 * i + 2, 2 * i + 4), 16);
  return bytes;
}
var number = (bytes) => BigInt("0x0" + hex(bytes));
function concat2(...parts) {
  const whole3 = new Uint8Array(parts.reduce((sum2, part) => sum2 + part.length, 0));
  let at2 = 0;
  for (const part of parts) {
    whole3.set(part, at2);
    at2 += part.length;
  }
  return whole3;
}
var utf8 = (text2) => new TextEncoder().encode(text2);
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
function fromBase64url(text2) {
  if (typeof text2 !== "string" || !/^[A-Za-z0-9_-]*$/.test(text2) || text2.length % 4 === 1) throw new Malformed("not base64url");
  const binary = atob(text2.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

// node_modules/@noble/hashes/_u64.js
var U32_MASK64 = /* @__PURE__ */ (() => BigInt(2 ** 32 - 1))();
var _32n = /* @__PURE__ */ BigInt(32);
function fromBig(n, le = false) {
  if (le)
    return { h: Number(n & U32_MASK64), l: Number(n >> _32n & U32_MASK64) };
  return { h: Number(n >> _32n & U32_MASK64) | 0, l: Number(n & U32_MASK64) | 0 };
}
function split(lst, le = false) {
  const len = lst.length;
  let Ah = new Uint32Array(len);
  let Al = new Uint32Array(len);
  for (let i = 0; i < len; i++) {
    const { h, l } = fromBig(lst[i], le);
    [Ah[i], Al[i]] = [h, l];
  }
  return [Ah, Al];
}
var fromNumH = (n) => n / 2 ** 32 | 0;
var fromNumL = (n) => n >>> 0;
function setU64FromNum(view, byteOffset, n, isLE2) {
  const h = fromNumH(n);
  const l = fromNumL(n);
  view.setUint32(byteOffset, isLE2 ? l : h, isLE2);
  view.setUint32(byteOffset + 4, isLE2 ? h : l, isLE2);
}
var shrSH = (h, _l, s) => h >>> s;
var shrSL = (h, l, s) => h << 32 - s | l >>> s;
var rotrSH = (h, l, s) => h >>> s | l << 32 - s;
var rotrSL = (h, l, s) => h << 32 - s | l >>> s;
var rotrBH = (h, l, s) => h << 64 - s | l >>> s - 32;
var rotrBL = (h, l, s) => h >>> s - 32 | l << 64 - s;
function add(Ah, Al, Bh, Bl2) {
  const l = (Al >>> 0) + (Bl2 >>> 0);
  return { h: Ah + Bh + (l / 2 ** 32 | 0) | 0, l: l | 0 };
}
var add3L = (Al, Bl2, Cl) => (Al >>> 0) + (Bl2 >>> 0) + (Cl >>> 0);
var add3H = (low, Ah, Bh, Ch) => Ah + Bh + Ch + (low / 2 ** 32 | 0) | 0;
var add4L = (Al, Bl2, Cl, Dl) => (Al >>> 0) + (Bl2 >>> 0) + (Cl >>> 0) + (Dl >>> 0);
var add4H = (low, Ah, Bh, Ch, Dh) => Ah + Bh + Ch + Dh + (low / 2 ** 32 | 0) | 0;
var add5L = (Al, Bl2, Cl, Dl, El) => (Al >>> 0) + (Bl2 >>> 0) + (Cl >>> 0) + (Dl >>> 0) + (El >>> 0);
var add5H = (low, Ah, Bh, Ch, Dh, Eh) => Ah + Bh + Ch + Dh + Eh + (low / 2 ** 32 | 0) | 0;

// node_modules/@noble/hashes/utils.js
function isBytes2(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
var atitle = (title) => title ? `"${title}" ` : "";
function anumber(n, title = "") {
  if (typeof n !== "number")
    throw new TypeError(atitle(title) + "expected number, got " + typeof n);
  if (!Number.isSafeInteger(n) || n < 0)
    throw new RangeError(atitle(title) + "expected integer >= 0, got " + n);
  return n;
}
function abool(value, title = "") {
  if (typeof value !== "boolean")
    throw new TypeError(atitle(title) + "expected boolean, got type=" + typeof value);
  return value;
}
function abytes(value, length, title = "") {
  if (isBytes2(value) && (length === void 0 || value.length === length))
    return value;
  if (length !== void 0)
    anumber(length, "length");
  const bytes = isBytes2(value);
  const ofLen = length !== void 0 ? ` of length ${length}` : "";
  const got = bytes ? `length=${value.length}` : `type=${typeof value}`;
  const message = atitle(title) + "expected Uint8Array" + ofLen + ", got " + got;
  if (!bytes)
    throw new TypeError(message);
  throw new RangeError(message);
}
function ahash(h) {
  if (typeof h !== "function" || typeof h.create !== "function")
    throw new TypeError("expected hash wrapped by utils.createHasher");
  anumber(h.outputLen);
  anumber(h.blockLen);
  if (h.outputLen < 1 || h.blockLen < 1)
    throw new Error("hash blockLen / outputLen must be >= 1");
}
var aobject = (value, label) => {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError((label === "object" ? "" : `"${label}" `) + "expected object, got type=" + typeof value);
};
var aopts = (value, label) => {
  aobject(value, label);
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null)
    throw new TypeError(`"${label}" expected plain object`);
  if (Object.hasOwn(value, "__proto__"))
    throw new TypeError(`"${label}.__proto__" is not allowed`);
};
function aexists(instance, checkFinished = true) {
  if (instance.destroyed)
    throw new Error("hash was destroyed");
  if (checkFinished && instance.finished)
    throw new Error("digest() was already called");
}
function aoutput(out, instance) {
  abytes(out, void 0, "output");
  const min = instance.outputLen;
  if (!(out.length >= min)) {
    throw new RangeError('"output" expected length >= ' + min);
  }
}
function u32(arr) {
  return new Uint32Array(arr.buffer, arr.byteOffset, Math.floor(arr.byteLength / 4));
}
function clean(...arrays) {
  for (let i = 0; i < arrays.length; i++) {
    arrays[i].fill(0);
  }
}
function createView(arr) {
  return new DataView(arr.buffer, arr.byteOffset, arr.byteLength);
}
function rotr(word3, shift) {
  return word3 << 32 - shift | word3 >>> shift;
}
var isLE = /* @__PURE__ */ (() => new Uint8Array(new Uint32Array([287454020]).buffer)[0] === 68)();
function byteSwap(word3) {
  return word3 << 24 & 4278190080 | word3 << 8 & 16711680 | word3 >>> 8 & 65280 | word3 >>> 24 & 255;
}
function byteSwap32(arr) {
  for (let i = 0; i < arr.length; i++) {
    arr[i] = byteSwap(arr[i]);
  }
  return arr;
}
var swap32IfBE = isLE ? (u) => u : byteSwap32;
var hasHexBuiltin = /* @__PURE__ */ (() => (
  // @ts-ignore
  typeof Uint8Array.from([]).toHex === "function" && typeof Uint8Array.fromHex === "function"
))();
var hexes = /* @__PURE__ */ Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
function bytesToHex(bytes) {
  abytes(bytes);
  if (hasHexBuiltin)
    return bytes.toHex();
  let hex2 = "";
  for (let i = 0; i < bytes.length; i++) {
    hex2 += hexes[bytes[i]];
  }
  return hex2;
}
function asciiToBase16(ch) {
  return ch >= 48 && ch <= 57 ? ch - 48 : ch >= 65 && ch <= 70 ? ch - (65 - 10) : ch >= 97 && ch <= 102 ? ch - (97 - 10) : void 0;
}
function hexToBytes(hex2) {
  if (typeof hex2 !== "string")
    throw new TypeError("hex string expected, got " + typeof hex2);
  if (hasHexBuiltin) {
    try {
      return Uint8Array.fromHex(hex2);
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new RangeError(error.message);
      throw error;
    }
  }
  const hl = hex2.length;
  const al = hl / 2;
  if (hl % 2)
    throw new RangeError("hex string expected, got unpadded hex of length " + hl);
  const array = new Uint8Array(al);
  for (let ai = 0, hi = 0; ai < al; ai++, hi += 2) {
    const n1 = asciiToBase16(hex2.charCodeAt(hi));
    const n2 = asciiToBase16(hex2.charCodeAt(hi + 1));
    if (n1 === void 0 || n2 === void 0) {
      const char = hex2[hi] + hex2[hi + 1];
      throw new RangeError('hex string expected, got non-hex character "' + char + '" at index ' + hi);
    }
    array[ai] = n1 * 16 + n2;
  }
  return array;
}
function concatBytes(...arrays) {
  let sum2 = 0;
  for (let i = 0; i < arrays.length; i++) {
    const a = arrays[i];
    abytes(a);
    sum2 += a.length;
  }
  const res = new Uint8Array(sum2);
  for (let i = 0, pad = 0; i < arrays.length; i++) {
    const a = arrays[i];
    res.set(a, pad);
    pad += a.length;
  }
  return res;
}
function checkOpts(defaults, opts, title = "opts") {
  aopts(defaults, "defaults");
  if (opts !== void 0)
    aopts(opts, title);
  const merged = Object.assign(/* @__PURE__ */ Object.create(null), defaults, opts);
  return merged;
}
function createHasher(hashCons, info = {}) {
  if (typeof hashCons !== "function")
    throw new TypeError('"hashCons" expected function, got type=' + typeof hashCons);
  info = checkOpts({}, info, "info");
  const hashC = (msg, opts) => hashCons(opts).update(msg).digest();
  const tmp = hashCons(void 0);
  hashC.outputLen = tmp.outputLen;
  hashC.blockLen = tmp.blockLen;
  hashC.canXOF = tmp.canXOF;
  hashC.create = (opts) => hashCons(opts);
  Object.assign(hashC, info);
  return Object.freeze(hashC);
}
function randomBytes(bytesLength = 32) {
  anumber(bytesLength, "bytesLength");
  const cr = typeof globalThis === "object" ? globalThis.crypto : null;
  if (typeof cr?.getRandomValues !== "function")
    throw new Error("crypto.getRandomValues must be defined");
  if (bytesLength > 65536)
    throw new RangeError(`"bytesLength" expected <= 65536, got ${bytesLength}`);
  return cr.getRandomValues(new Uint8Array(bytesLength));
}
var oidNist = (suffix) => ({
  // Current NIST hashAlgs suffixes used here fit in one DER subidentifier octet.
  // Larger suffix values would need base-128 OID encoding and a different length byte.
  oid: Uint8Array.from([6, 9, 96, 134, 72, 1, 101, 3, 4, 2, suffix])
});

// node_modules/@noble/hashes/_md.js
function Chi(a, b, c) {
  return a & b ^ ~a & c;
}
function Maj(a, b, c) {
  return a & b ^ a & c ^ b & c;
}
var HashMD = class {
  blockLen;
  outputLen;
  canXOF = false;
  padOffset;
  isLE;
  // For partial updates less than block size
  buffer;
  view;
  finished = false;
  length = 0;
  pos = 0;
  destroyed = false;
  constructor(blockLen, outputLen, padOffset, isLE2) {
    this.blockLen = blockLen;
    this.outputLen = outputLen;
    this.padOffset = padOffset;
    this.isLE = isLE2;
    this.buffer = new Uint8Array(blockLen);
    this.view = createView(this.buffer);
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { view, buffer: buffer2, blockLen } = this;
    const len = data.length;
    let processed = false;
    for (let pos = 0; pos < len; ) {
      const take = Math.min(blockLen - this.pos, len - pos);
      if (take === blockLen) {
        const dataView2 = createView(data);
        for (; blockLen <= len - pos; pos += blockLen)
          this.process(dataView2, pos);
        processed = true;
        continue;
      }
      buffer2.set(pos === 0 && take === len ? data : data.subarray(pos, pos + take), this.pos);
      this.pos += take;
      pos += take;
      if (this.pos === blockLen) {
        this.process(view, 0);
        this.pos = 0;
        processed = true;
      }
    }
    this.length += data.length;
    if (processed)
      this.roundClean();
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const { buffer: buffer2, view, blockLen, isLE: isLE2 } = this;
    let { pos } = this;
    buffer2[pos++] = 128;
    buffer2.fill(0, pos);
    if (this.padOffset > blockLen - pos) {
      this.process(view, 0);
      buffer2.fill(0);
    }
    setU64FromNum(view, blockLen - 8, this.length * 8, isLE2);
    this.process(view, 0);
    this.roundClean();
    const oview = out === buffer2 ? view : createView(out);
    const len = this.outputLen;
    const outLen = len / 4;
    const state2 = this.get();
    if (len % 4 || outLen > state2.length)
      throw new Error("invalid outputLen");
    for (let i = 0; i < outLen; i++)
      oview.setUint32(4 * i, state2[i], isLE2);
  }
  digest() {
    const { buffer: buffer2, outputLen } = this;
    this.digestInto(buffer2);
    const res = buffer2.slice(0, outputLen);
    this.destroy();
    return res;
  }
  _cloneIntoMeta(to) {
    const { buffer: buffer2, length, finished, destroyed, pos } = this;
    to.destroyed = destroyed;
    to.finished = finished;
    to.length = length;
    to.pos = pos;
    if (pos)
      to.buffer.set(buffer2);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
};
var SHA256_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  3144134277,
  1013904242,
  2773480762,
  1359893119,
  2600822924,
  528734635,
  1541459225
]);
var SHA512_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  4089235720,
  3144134277,
  2227873595,
  1013904242,
  4271175723,
  2773480762,
  1595750129,
  1359893119,
  2917565137,
  2600822924,
  725511199,
  528734635,
  4215389547,
  1541459225,
  327033209
]);

// node_modules/@noble/hashes/sha2.js
var SHA256_K = /* @__PURE__ */ Uint32Array.from([
  1116352408,
  1899447441,
  3049323471,
  3921009573,
  961987163,
  1508970993,
  2453635748,
  2870763221,
  3624381080,
  310598401,
  607225278,
  1426881987,
  1925078388,
  2162078206,
  2614888103,
  3248222580,
  3835390401,
  4022224774,
  264347078,
  604807628,
  770255983,
  1249150122,
  1555081692,
  1996064986,
  2554220882,
  2821834349,
  2952996808,
  3210313671,
  3336571891,
  3584528711,
  113926993,
  338241895,
  666307205,
  773529912,
  1294757372,
  1396182291,
  1695183700,
  1986661051,
  2177026350,
  2456956037,
  2730485921,
  2820302411,
  3259730800,
  3345764771,
  3516065817,
  3600352804,
  4094571909,
  275423344,
  430227734,
  506948616,
  659060556,
  883997877,
  958139571,
  1322822218,
  1537002063,
  1747873779,
  1955562222,
  2024104815,
  2227730452,
  2361852424,
  2428436474,
  2756734187,
  3204031479,
  3329325298
]);
var SHA256_W = /* @__PURE__ */ new Uint32Array(64);
var SHA2_32B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and makes sha256 3x slower (measured).
  A = 0;
  B = 0;
  C = 0;
  D = 0;
  E = 0;
  F = 0;
  G = 0;
  H = 0;
  constructor(outputLen, IV) {
    super(64, outputLen, 8, false);
    this.A = IV[0] | 0;
    this.B = IV[1] | 0;
    this.C = IV[2] | 0;
    this.D = IV[3] | 0;
    this.E = IV[4] | 0;
    this.F = IV[5] | 0;
    this.G = IV[6] | 0;
    this.H = IV[7] | 0;
  }
  get() {
    const { A, B: B2, C, D, E, F, G, H } = this;
    return [A, B2, C, D, E, F, G, H];
  }
  // prettier-ignore
  set(A, B2, C, D, E, F, G, H) {
    this.A = A | 0;
    this.B = B2 | 0;
    this.C = C | 0;
    this.D = D | 0;
    this.E = E | 0;
    this.F = F | 0;
    this.G = G | 0;
    this.H = H | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4)
      SHA256_W[i] = view.getUint32(offset, false);
    for (let i = 16; i < 64; i++) {
      const W15 = SHA256_W[i - 15];
      const W2 = SHA256_W[i - 2];
      const s0 = rotr(W15, 7) ^ rotr(W15, 18) ^ W15 >>> 3;
      const s1 = rotr(W2, 17) ^ rotr(W2, 19) ^ W2 >>> 10;
      SHA256_W[i] = s1 + SHA256_W[i - 7] + s0 + SHA256_W[i - 16] | 0;
    }
    let { A, B: B2, C, D, E, F, G, H } = this;
    for (let i = 0; i < 64; i++) {
      const sigma1 = rotr(E, 6) ^ rotr(E, 11) ^ rotr(E, 25);
      const T1 = H + sigma1 + Chi(E, F, G) + SHA256_K[i] + SHA256_W[i] | 0;
      const sigma0 = rotr(A, 2) ^ rotr(A, 13) ^ rotr(A, 22);
      const T2 = sigma0 + Maj(A, B2, C) | 0;
      H = G;
      G = F;
      F = E;
      E = D + T1 | 0;
      D = C;
      C = B2;
      B2 = A;
      A = T1 + T2 | 0;
    }
    A = A + this.A | 0;
    B2 = B2 + this.B | 0;
    C = C + this.C | 0;
    D = D + this.D | 0;
    E = E + this.E | 0;
    F = F + this.F | 0;
    G = G + this.G | 0;
    H = H + this.H | 0;
    this.set(A, B2, C, D, E, F, G, H);
  }
  roundClean() {
    clean(SHA256_W);
  }
  destroy() {
    this.destroyed = true;
    this.set(0, 0, 0, 0, 0, 0, 0, 0);
    clean(this.buffer);
  }
};
var _SHA256 = class extends SHA2_32B {
  constructor() {
    super(32, SHA256_IV);
  }
};
var K512 = /* @__PURE__ */ (() => split([
  "0x428a2f98d728ae22",
  "0x7137449123ef65cd",
  "0xb5c0fbcfec4d3b2f",
  "0xe9b5dba58189dbbc",
  "0x3956c25bf348b538",
  "0x59f111f1b605d019",
  "0x923f82a4af194f9b",
  "0xab1c5ed5da6d8118",
  "0xd807aa98a3030242",
  "0x12835b0145706fbe",
  "0x243185be4ee4b28c",
  "0x550c7dc3d5ffb4e2",
  "0x72be5d74f27b896f",
  "0x80deb1fe3b1696b1",
  "0x9bdc06a725c71235",
  "0xc19bf174cf692694",
  "0xe49b69c19ef14ad2",
  "0xefbe4786384f25e3",
  "0x0fc19dc68b8cd5b5",
  "0x240ca1cc77ac9c65",
  "0x2de92c6f592b0275",
  "0x4a7484aa6ea6e483",
  "0x5cb0a9dcbd41fbd4",
  "0x76f988da831153b5",
  "0x983e5152ee66dfab",
  "0xa831c66d2db43210",
  "0xb00327c898fb213f",
  "0xbf597fc7beef0ee4",
  "0xc6e00bf33da88fc2",
  "0xd5a79147930aa725",
  "0x06ca6351e003826f",
  "0x142929670a0e6e70",
  "0x27b70a8546d22ffc",
  "0x2e1b21385c26c926",
  "0x4d2c6dfc5ac42aed",
  "0x53380d139d95b3df",
  "0x650a73548baf63de",
  "0x766a0abb3c77b2a8",
  "0x81c2c92e47edaee6",
  "0x92722c851482353b",
  "0xa2bfe8a14cf10364",
  "0xa81a664bbc423001",
  "0xc24b8b70d0f89791",
  "0xc76c51a30654be30",
  "0xd192e819d6ef5218",
  "0xd69906245565a910",
  "0xf40e35855771202a",
  "0x106aa07032bbd1b8",
  "0x19a4c116b8d2d0c8",
  "0x1e376c085141ab53",
  "0x2748774cdf8eeb99",
  "0x34b0bcb5e19b48a8",
  "0x391c0cb3c5c95a63",
  "0x4ed8aa4ae3418acb",
  "0x5b9cca4f7763e373",
  "0x682e6ff3d6b2b8a3",
  "0x748f82ee5defb2fc",
  "0x78a5636f43172f60",
  "0x84c87814a1f0ab72",
  "0x8cc702081a6439ec",
  "0x90befffa23631e28",
  "0xa4506cebde82bde9",
  "0xbef9a3f7b2c67915",
  "0xc67178f2e372532b",
  "0xca273eceea26619c",
  "0xd186b8c721c0c207",
  "0xeada7dd6cde0eb1e",
  "0xf57d4f7fee6ed178",
  "0x06f067aa72176fba",
  "0x0a637dc5a2c898a6",
  "0x113f9804bef90dae",
  "0x1b710b35131c471b",
  "0x28db77f523047d84",
  "0x32caab7b40c72493",
  "0x3c9ebe0a15c9bebc",
  "0x431d67c49c100d4c",
  "0x4cc5d4becb3e42b6",
  "0x597f299cfc657e2a",
  "0x5fcb6fab3ad6faec",
  "0x6c44198c4a475817"
].map((n) => BigInt(n))))();
var SHA512_Kh = /* @__PURE__ */ (() => K512[0])();
var SHA512_Kl = /* @__PURE__ */ (() => K512[1])();
var SHA512_W_H = /* @__PURE__ */ new Uint32Array(80);
var SHA512_W_L = /* @__PURE__ */ new Uint32Array(80);
var SHA2_64B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // h -- high 32 bits, l -- low 32 bits
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and slows hashing down (measured on sha256).
  Ah = 0;
  Al = 0;
  Bh = 0;
  Bl = 0;
  Ch = 0;
  Cl = 0;
  Dh = 0;
  Dl = 0;
  Eh = 0;
  El = 0;
  Fh = 0;
  Fl = 0;
  Gh = 0;
  Gl = 0;
  Hh = 0;
  Hl = 0;
  constructor(outputLen, IV) {
    super(128, outputLen, 16, false);
    this.Ah = IV[0] | 0;
    this.Al = IV[1] | 0;
    this.Bh = IV[2] | 0;
    this.Bl = IV[3] | 0;
    this.Ch = IV[4] | 0;
    this.Cl = IV[5] | 0;
    this.Dh = IV[6] | 0;
    this.Dl = IV[7] | 0;
    this.Eh = IV[8] | 0;
    this.El = IV[9] | 0;
    this.Fh = IV[10] | 0;
    this.Fl = IV[11] | 0;
    this.Gh = IV[12] | 0;
    this.Gl = IV[13] | 0;
    this.Hh = IV[14] | 0;
    this.Hl = IV[15] | 0;
  }
  // prettier-ignore
  get() {
    const { Ah, Al, Bh, Bl: Bl2, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
    return [Ah, Al, Bh, Bl2, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl];
  }
  // prettier-ignore
  set(Ah, Al, Bh, Bl2, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl) {
    this.Ah = Ah | 0;
    this.Al = Al | 0;
    this.Bh = Bh | 0;
    this.Bl = Bl2 | 0;
    this.Ch = Ch | 0;
    this.Cl = Cl | 0;
    this.Dh = Dh | 0;
    this.Dl = Dl | 0;
    this.Eh = Eh | 0;
    this.El = El | 0;
    this.Fh = Fh | 0;
    this.Fl = Fl | 0;
    this.Gh = Gh | 0;
    this.Gl = Gl | 0;
    this.Hh = Hh | 0;
    this.Hl = Hl | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4) {
      SHA512_W_H[i] = view.getUint32(offset);
      SHA512_W_L[i] = view.getUint32(offset += 4);
    }
    for (let i = 16; i < 80; i++) {
      const W15h = SHA512_W_H[i - 15] | 0;
      const W15l = SHA512_W_L[i - 15] | 0;
      const s0h = rotrSH(W15h, W15l, 1) ^ rotrSH(W15h, W15l, 8) ^ shrSH(W15h, W15l, 7);
      const s0l = rotrSL(W15h, W15l, 1) ^ rotrSL(W15h, W15l, 8) ^ shrSL(W15h, W15l, 7);
      const W2h = SHA512_W_H[i - 2] | 0;
      const W2l = SHA512_W_L[i - 2] | 0;
      const s1h = rotrSH(W2h, W2l, 19) ^ rotrBH(W2h, W2l, 61) ^ shrSH(W2h, W2l, 6);
      const s1l = rotrSL(W2h, W2l, 19) ^ rotrBL(W2h, W2l, 61) ^ shrSL(W2h, W2l, 6);
      const SUMl = add4L(s0l, s1l, SHA512_W_L[i - 7], SHA512_W_L[i - 16]);
      const SUMh = add4H(SUMl, s0h, s1h, SHA512_W_H[i - 7], SHA512_W_H[i - 16]);
      SHA512_W_H[i] = SUMh | 0;
      SHA512_W_L[i] = SUMl | 0;
    }
    let { Ah, Al, Bh, Bl: Bl2, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl } = this;
    for (let i = 0; i < 80; i++) {
      const sigma1h = rotrSH(Eh, El, 14) ^ rotrSH(Eh, El, 18) ^ rotrBH(Eh, El, 41);
      const sigma1l = rotrSL(Eh, El, 14) ^ rotrSL(Eh, El, 18) ^ rotrBL(Eh, El, 41);
      const CHIh = Eh & Fh ^ ~Eh & Gh;
      const CHIl = El & Fl ^ ~El & Gl;
      const T1ll = add5L(Hl, sigma1l, CHIl, SHA512_Kl[i], SHA512_W_L[i]);
      const T1h = add5H(T1ll, Hh, sigma1h, CHIh, SHA512_Kh[i], SHA512_W_H[i]);
      const T1l = T1ll | 0;
      const sigma0h = rotrSH(Ah, Al, 28) ^ rotrBH(Ah, Al, 34) ^ rotrBH(Ah, Al, 39);
      const sigma0l = rotrSL(Ah, Al, 28) ^ rotrBL(Ah, Al, 34) ^ rotrBL(Ah, Al, 39);
      const MAJh = Ah & Bh ^ Ah & Ch ^ Bh & Ch;
      const MAJl = Al & Bl2 ^ Al & Cl ^ Bl2 & Cl;
      Hh = Gh | 0;
      Hl = Gl | 0;
      Gh = Fh | 0;
      Gl = Fl | 0;
      Fh = Eh | 0;
      Fl = El | 0;
      ({ h: Eh, l: El } = add(Dh | 0, Dl | 0, T1h | 0, T1l | 0));
      Dh = Ch | 0;
      Dl = Cl | 0;
      Ch = Bh | 0;
      Cl = Bl2 | 0;
      Bh = Ah | 0;
      Bl2 = Al | 0;
      const All = add3L(T1l, sigma0l, MAJl);
      Ah = add3H(All, T1h, sigma0h, MAJh);
      Al = All | 0;
    }
    ({ h: Ah, l: Al } = add(this.Ah | 0, this.Al | 0, Ah | 0, Al | 0));
    ({ h: Bh, l: Bl2 } = add(this.Bh | 0, this.Bl | 0, Bh | 0, Bl2 | 0));
    ({ h: Ch, l: Cl } = add(this.Ch | 0, this.Cl | 0, Ch | 0, Cl | 0));
    ({ h: Dh, l: Dl } = add(this.Dh | 0, this.Dl | 0, Dh | 0, Dl | 0));
    ({ h: Eh, l: El } = add(this.Eh | 0, this.El | 0, Eh | 0, El | 0));
    ({ h: Fh, l: Fl } = add(this.Fh | 0, this.Fl | 0, Fh | 0, Fl | 0));
    ({ h: Gh, l: Gl } = add(this.Gh | 0, this.Gl | 0, Gh | 0, Gl | 0));
    ({ h: Hh, l: Hl } = add(this.Hh | 0, this.Hl | 0, Hh | 0, Hl | 0));
    this.set(Ah, Al, Bh, Bl2, Ch, Cl, Dh, Dl, Eh, El, Fh, Fl, Gh, Gl, Hh, Hl);
  }
  roundClean() {
    clean(SHA512_W_H, SHA512_W_L);
  }
  destroy() {
    this.destroyed = true;
    clean(this.buffer);
    this.set(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }
};
var _SHA512 = class extends SHA2_64B {
  constructor() {
    super(64, SHA512_IV);
  }
};
var sha256 = /* @__PURE__ */ createHasher(
  () => new _SHA256(),
  /* @__PURE__ */ oidNist(1)
);
var sha512 = /* @__PURE__ */ createHasher(
  () => new _SHA512(),
  /* @__PURE__ */ oidNist(3)
);

// node_modules/@noble/curves/utils.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
function aarray(item, title, inner = () => {
}) {
  if (!Array.isArray(item))
    throw new TypeError(`"${title}" expected array, got type=${typeof item}`);
  for (let i = 0; i < item.length; i++)
    inner(item[i], `${title}[${i}]`);
  return item;
}
var abytes2 = (value, length, title) => abytes(value, length, title);
var anumber2 = anumber;
function astring(value, title = "") {
  if (typeof value !== "string") {
    const prefix = title && `"${title}" `;
    throw new TypeError(prefix + "expected string, got type=" + typeof value);
  }
  return value;
}
function aobject2(value, title = "object") {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError(title === "object" ? "expected valid options object" : `"${title}" expected object, got type=${typeof value}`);
  return value;
}
function afunction(value, title) {
  if (typeof value !== "function")
    throw new TypeError(`"${title}" is invalid: expected function, got ${typeof value}`);
  return value;
}
var bytesToHex2 = bytesToHex;
var concatBytes2 = (...arrays) => concatBytes(...arrays);
var hexToBytes2 = (hex2) => hexToBytes(hex2);
var isBytes3 = isBytes2;
var randomBytes2 = (bytesLength) => randomBytes(bytesLength);
var _0n = /* @__PURE__ */ BigInt(0);
var _1n = /* @__PURE__ */ BigInt(1);
var atitle2 = (title) => title ? `"${title}" ` : "";
function abool2(value, title = "") {
  if (typeof value !== "boolean")
    throw new TypeError(atitle2(title) + "expected boolean, got type=" + typeof value);
  return value;
}
function abignumber(n) {
  if (typeof n === "bigint") {
    if (!isPosBig(n))
      throw new RangeError("positive bigint expected, got " + n);
  } else
    anumber2(n);
  return n;
}
function asafenumber(value, title = "") {
  if (typeof value !== "number") {
    const prefix = title && `"${title}" `;
    throw new TypeError(prefix + "expected number, got type=" + typeof value);
  }
  if (!Number.isSafeInteger(value)) {
    const prefix = title && `"${title}" `;
    throw new RangeError(prefix + "expected safe integer, got " + value);
  }
}
function numberToHexUnpadded(num) {
  const hex2 = abignumber(num).toString(16);
  return hex2.length & 1 ? "0" + hex2 : hex2;
}
function hexToNumber(hex2) {
  if (typeof hex2 !== "string")
    throw new TypeError("hex string expected, got " + typeof hex2);
  return hex2 === "" ? _0n : BigInt("0x" + hex2);
}
function bytesToNumberBE(bytes) {
  return hexToNumber(bytesToHex(bytes));
}
function bytesToNumberLE(bytes) {
  return hexToNumber(bytesToHex(copyBytes(abytes(bytes)).reverse()));
}
function numberToBytesBE(n, len) {
  anumber(len);
  if (len === 0)
    throw new Error("zero output length is invalid");
  n = abignumber(n);
  const expectedLen = len * 2;
  const hex2 = n.toString(16);
  if (hex2.length > expectedLen)
    throw new RangeError("number is too large");
  return hexToBytes(hex2.padStart(expectedLen, "0"));
}
function numberToBytesLE(n, len) {
  return numberToBytesBE(n, len).reverse();
}
function copyBytes(bytes) {
  return Uint8Array.from(abytes2(bytes));
}
function isPosBig(n) {
  return typeof n === "bigint" && _0n <= n;
}
function inRange(n, min, max) {
  return isPosBig(n) && isPosBig(min) && isPosBig(max) && min <= n && n < max;
}
function aInRange(title, n, min, max) {
  if (!inRange(n, min, max))
    throw new RangeError("expected valid " + title + ": " + min + " <= n < " + max + ", got " + n);
}
function bitLen(n) {
  if (n < _0n)
    throw new Error("expected non-negative bigint, got " + n);
  return n === _0n ? 0 : n.toString(2).length;
}
var bitMask = (n) => {
  asafenumber(n, "n");
  return (_1n << BigInt(n)) - _1n;
};
function createHmacDrbg(hashLen, qByteLen, hmacFn) {
  anumber(hashLen, "hashLen");
  anumber(qByteLen, "qByteLen");
  if (typeof hmacFn !== "function")
    throw new TypeError("hmacFn must be a function");
  const u8n = (len) => new Uint8Array(len);
  const NULL = Uint8Array.of();
  const byte0 = Uint8Array.of(0);
  const byte1 = Uint8Array.of(1);
  const _maxDrbgIters = 1e3;
  let v = u8n(hashLen);
  let k = u8n(hashLen);
  let i = 0;
  const reset = () => {
    v.fill(1);
    k.fill(0);
    i = 0;
  };
  const h = (...msgs) => hmacFn(k, concatBytes2(v, ...msgs));
  const reseed = (seed = NULL) => {
    k = h(byte0, seed);
    v = h();
    if (seed.length === 0)
      return;
    k = h(byte1, seed);
    v = h();
  };
  const gen = () => {
    if (i++ >= _maxDrbgIters)
      throw new Error("drbg: tried max amount of iterations");
    let len = 0;
    const out = [];
    while (len < qByteLen) {
      v = h();
      const sl = v.slice();
      out.push(sl);
      len += v.length;
    }
    return concatBytes2(...out);
  };
  const genUntil = (seed, pred) => {
    reset();
    reseed(seed);
    let res = void 0;
    while ((res = pred(gen())) === void 0)
      reseed();
    reset();
    return res;
  };
  return genUntil;
}
function validateObject(object, fields = {}, optFields = {}, title = "object") {
  aobject2(object, title);
  aobject2(fields, "fields");
  aobject2(optFields, "optFields");
  function checkField(fieldName, expectedType, isOpt) {
    const label = title === "object" ? `param "${String(fieldName)}"` : `"${title}.${String(fieldName)}"`;
    const val = object[fieldName];
    if (!Object.hasOwn(object, fieldName) && (isOpt ? val !== void 0 : expectedType !== "function")) {
      throw new TypeError(`${label} is invalid: expected own property`);
    }
    if (isOpt && val === void 0)
      return;
    const current2 = typeof val;
    if (current2 !== expectedType || val === null)
      throw new TypeError(`${label} is invalid: expected ${expectedType}, got ${current2}`);
  }
  const iter = (f, isOpt) => Object.entries(f).forEach(([k, v]) => checkField(k, v, isOpt));
  iter(fields, false);
  iter(optFields, true);
}

// node_modules/@noble/curves/abstract/modular.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n2 = /* @__PURE__ */ BigInt(0);
var _1n2 = /* @__PURE__ */ BigInt(1);
var _2n = /* @__PURE__ */ BigInt(2);
var _3n = /* @__PURE__ */ BigInt(3);
var _4n = /* @__PURE__ */ BigInt(4);
var _5n = /* @__PURE__ */ BigInt(5);
var _7n = /* @__PURE__ */ BigInt(7);
var _8n = /* @__PURE__ */ BigInt(8);
var _9n = /* @__PURE__ */ BigInt(9);
var _15n = /* @__PURE__ */ BigInt(15);
var _16n = /* @__PURE__ */ BigInt(16);
var POW_WINDOWED_MIN = /* @__PURE__ */ BigInt("0x10000000000000000");
function mod(a, b) {
  if (b <= _0n2)
    throw new Error("mod: expected positive modulus, got " + b);
  const result2 = a % b;
  return result2 >= _0n2 ? result2 : b + result2;
}
function pow(num, power, modulo) {
  if (modulo <= _1n2)
    throw new Error("pow: expected modulus > 1, got " + modulo);
  if (typeof power !== "bigint")
    throw new TypeError("invalid exponent: expected bigint, got " + typeof power);
  if (power < _0n2)
    throw new Error("invalid exponent, negatives unsupported");
  if (power === _0n2)
    return _1n2;
  if (power === _1n2)
    return num;
  let d = num % modulo;
  if (d < _0n2)
    d += modulo;
  if (power < POW_WINDOWED_MIN) {
    let p2 = _1n2;
    while (power > _0n2) {
      if (power & _1n2)
        p2 = p2 * d % modulo;
      d = d * d % modulo;
      power >>= _1n2;
    }
    return p2;
  }
  const digits2 = [];
  while (power > _0n2) {
    digits2.push(Number(power & _15n));
    power >>= _4n;
  }
  const table = new Array(16);
  table[0] = _1n2;
  table[1] = d;
  for (let i = 2; i < 16; i++)
    table[i] = table[i - 1] * d % modulo;
  let p = table[digits2[digits2.length - 1]];
  for (let w = digits2.length - 2; w >= 0; w--) {
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    p = p * p % modulo;
    const digit = digits2[w];
    if (digit !== 0)
      p = p * table[digit] % modulo;
  }
  return p;
}
function pow2(x, power, modulo) {
  if (modulo <= _1n2)
    throw new Error("pow2: expected modulus > 1, got " + modulo);
  if (power < _0n2)
    throw new Error("pow2: expected non-negative exponent, got " + power);
  let res = x;
  while (power-- > _0n2) {
    res *= res;
    res %= modulo;
  }
  return res;
}
function invert(number2, modulo) {
  if (number2 === _0n2)
    throw new Error("invert: expected non-zero number");
  if (modulo <= _1n2)
    throw new Error("invert: expected modulus > 1, got " + modulo);
  let a = mod(number2, modulo);
  let b = modulo;
  let x = _0n2, u = _1n2;
  while (a !== _0n2) {
    const q = b / a;
    const r = b - a * q;
    const m = x - u * q;
    b = a, a = r, x = u, u = m;
  }
  const gcd2 = b;
  if (gcd2 !== _1n2)
    throw new Error("invert: does not exist");
  return mod(x, modulo);
}
function invertCt(a, prime) {
  if (prime <= _1n2)
    throw new Error("invertCt: expected prime modulus > 1, got " + prime);
  const an = mod(a, prime);
  if (an === _0n2)
    throw new Error("invertCt: expected non-zero number");
  const inverse = pow(an, prime - _2n, prime);
  if (mod(an * inverse, prime) !== _1n2)
    throw new Error("invertCt: does not exist");
  return inverse;
}
function assertIsSquare(Fp2, root, n) {
  const F = Fp2;
  if (!F.eql(F.sqr(root), n))
    throw new Error("Cannot find square root");
}
function aoddModulus(order, fnName) {
  if ((order & _1n2) === _0n2)
    throw new Error(fnName + ": expected odd modulus, got " + order);
}
function sqrt3mod4(Fp2, n) {
  const F = Fp2;
  const p1div4 = (F.ORDER + _1n2) / _4n;
  const root = F.pow(n, p1div4);
  assertIsSquare(F, root, n);
  return root;
}
function sqrt5mod8(Fp2, n) {
  const F = Fp2;
  const p5div8 = (F.ORDER - _5n) / _8n;
  const n2 = F.mul(n, _2n);
  const v = F.pow(n2, p5div8);
  const nv = F.mul(n, v);
  const i = F.mul(F.mul(nv, _2n), v);
  const root = F.mul(nv, F.sub(i, F.ONE));
  assertIsSquare(F, root, n);
  return root;
}
function sqrt9mod16(P) {
  const Fp_ = Field(P);
  const tn = tonelliShanks(P);
  const c1 = tn(Fp_, Fp_.neg(Fp_.ONE));
  const c2 = tn(Fp_, c1);
  const c3 = tn(Fp_, Fp_.neg(c1));
  const c4 = (P + _7n) / _16n;
  return ((Fp2, n) => {
    const F = Fp2;
    let tv1 = F.pow(n, c4);
    let tv2 = F.mul(tv1, c1);
    const tv3 = F.mul(tv1, c2);
    const tv4 = F.mul(tv1, c3);
    const e1 = F.eql(F.sqr(tv2), n);
    const e2 = F.eql(F.sqr(tv3), n);
    tv1 = F.cmov(tv1, tv2, e1);
    tv2 = F.cmov(tv4, tv3, e2);
    const e3 = F.eql(F.sqr(tv2), n);
    const root = F.cmov(tv1, tv2, e3);
    assertIsSquare(F, root, n);
    return root;
  });
}
function tonelliShanks(P) {
  if (P < _3n)
    throw new Error("sqrt is not defined for small field");
  aoddModulus(P, "tonelliShanks");
  let Q = P - _1n2;
  let S = 0;
  while (Q % _2n === _0n2) {
    Q /= _2n;
    S++;
  }
  let Z = _2n;
  const _Fp = Field(P);
  while (FpLegendre(_Fp, Z) === 1) {
    if (Z++ > 1e3)
      throw new Error("Cannot find square root: probably non-prime P");
  }
  if (S === 1)
    return sqrt3mod4;
  let cc = _Fp.pow(Z, Q);
  const Q1div2 = (Q + _1n2) / _2n;
  return function tonelliSlow(Fp2, n) {
    const F = Fp2;
    if (F.is0(n))
      return n;
    if (FpLegendre(F, n) !== 1)
      throw new Error("Cannot find square root");
    let M = S;
    let c = F.mul(F.ONE, cc);
    let t = F.pow(n, Q);
    let R = F.pow(n, Q1div2);
    while (!F.eql(t, F.ONE)) {
      if (F.is0(t))
        throw new Error("Cannot find square root: probably non-prime P");
      let i = 1;
      let t_tmp = F.sqr(t);
      while (!F.eql(t_tmp, F.ONE)) {
        i++;
        t_tmp = F.sqr(t_tmp);
        if (i === M)
          throw new Error("Cannot find square root");
      }
      const exponent = _1n2 << BigInt(M - i - 1);
      const b = F.pow(c, exponent);
      M = i;
      c = F.sqr(b);
      t = F.mul(t, c);
      R = F.mul(R, b);
    }
    return R;
  };
}
function FpSqrt(P) {
  aoddModulus(P, "Fp.sqrt");
  if (P % _4n === _3n)
    return sqrt3mod4;
  if (P % _8n === _5n)
    return sqrt5mod8;
  if (P % _16n === _9n)
    return sqrt9mod16(P);
  return tonelliShanks(P);
}
var isNegativeLE = (num, modulo) => (mod(num, modulo) & _1n2) === _1n2;
var FIELD_FIELDS = [
  "create",
  "isValid",
  "is0",
  "neg",
  "inv",
  "sqrt",
  "sqr",
  "eql",
  "add",
  "sub",
  "mul",
  "pow",
  "div",
  "addN",
  "subN",
  "mulN",
  "sqrN"
];
function validateField(field) {
  aobject2(field, "field");
  if (typeof field.ORDER !== "bigint")
    throw new TypeError('param "ORDER" is invalid: expected bigint, got ' + typeof field.ORDER);
  asafenumber(field.BYTES, "BYTES");
  asafenumber(field.BITS, "BITS");
  for (const name2 of FIELD_FIELDS)
    afunction(field[name2], "field." + name2);
  if (field.BYTES < 1 || field.BITS < 1)
    throw new Error("invalid field: expected BYTES/BITS > 0");
  if (field.ORDER <= _1n2)
    throw new Error("invalid field: expected ORDER > 1, got " + field.ORDER);
  return field;
}
function FpInvertBatch(Fp2, nums, passZero = false) {
  validateField(Fp2);
  aarray(nums, "nums");
  abool2(passZero, "passZero");
  const F = Fp2;
  const inverted = new Array(nums.length).fill(passZero ? F.ZERO : void 0);
  const multipliedAcc = nums.reduce((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = acc;
    return F.mul(acc, num);
  }, F.ONE);
  const invertedAcc = F.inv(multipliedAcc);
  nums.reduceRight((acc, num, i) => {
    if (F.is0(num))
      return acc;
    inverted[i] = F.mul(acc, inverted[i]);
    return F.mul(acc, num);
  }, invertedAcc);
  return inverted;
}
function FpLegendre(Fp2, n) {
  validateField(Fp2);
  const F = Fp2;
  aoddModulus(F.ORDER, "FpLegendre");
  const p1mod2 = (F.ORDER - _1n2) / _2n;
  const powered = F.pow(n, p1mod2);
  const yes = F.eql(powered, F.ONE);
  const zero = F.eql(powered, F.ZERO);
  const no = F.eql(powered, F.neg(F.ONE));
  if (!yes && !zero && !no)
    throw new Error("invalid Legendre symbol result");
  return yes ? 1 : zero ? 0 : -1;
}
function nLength(n, nBitLength) {
  if (nBitLength !== void 0)
    anumber2(nBitLength);
  if (n <= _0n2)
    throw new Error("invalid n length: expected positive n, got " + n);
  if (nBitLength !== void 0 && nBitLength < 1)
    throw new Error("invalid n length: expected positive bit length, got " + nBitLength);
  const bits = bitLen(n);
  if (nBitLength !== void 0 && nBitLength < bits)
    throw new Error(`invalid n length: expected nBitLength (${nBitLength}) >= bitLen(n) (${bits})`);
  const _nBitLength = nBitLength !== void 0 ? nBitLength : bits;
  const nByteLength = Math.ceil(_nBitLength / 8);
  return { nBitLength: _nBitLength, nByteLength };
}
var FIELD_SQRT = /* @__PURE__ */ new WeakMap();
var _Field = class {
  ORDER;
  BITS;
  BYTES;
  isLE;
  ZERO = _0n2;
  ONE = _1n2;
  _lengths;
  _mod;
  constructor(ORDER, opts = {}) {
    if (ORDER <= _1n2)
      throw new Error("invalid field: expected ORDER > 1, got " + ORDER);
    let _nbitLength = void 0;
    this.isLE = false;
    if (opts != null && typeof opts === "object") {
      if (typeof opts.BITS === "number")
        _nbitLength = opts.BITS;
      if (typeof opts.sqrt === "function")
        Object.defineProperty(this, "sqrt", { value: opts.sqrt, enumerable: true });
      if (typeof opts.isLE === "boolean")
        this.isLE = opts.isLE;
      if (opts.allowedLengths)
        this._lengths = Object.freeze(opts.allowedLengths.slice());
      if (typeof opts.modFromBytes === "boolean")
        this._mod = opts.modFromBytes;
    }
    const { nBitLength, nByteLength } = nLength(ORDER, _nbitLength);
    if (nByteLength > 2048)
      throw new Error("invalid field: expected ORDER of <= 2048 bytes");
    this.ORDER = ORDER;
    this.BITS = nBitLength;
    this.BYTES = nByteLength;
    Object.freeze(this);
  }
  create(num) {
    return mod(num, this.ORDER);
  }
  isValid(num) {
    if (typeof num !== "bigint")
      throw new TypeError("invalid field element: expected bigint, got " + typeof num);
    return _0n2 <= num && num < this.ORDER;
  }
  is0(num) {
    return num === _0n2;
  }
  // is valid and invertible
  isValidNot0(num) {
    return !this.is0(num) && this.isValid(num);
  }
  isOdd(num) {
    return (num & _1n2) === _1n2;
  }
  neg(num) {
    return mod(-num, this.ORDER);
  }
  eql(lhs, rhs) {
    return lhs === rhs;
  }
  sqr(num) {
    return mod(num * num, this.ORDER);
  }
  add(lhs, rhs) {
    return mod(lhs + rhs, this.ORDER);
  }
  sub(lhs, rhs) {
    return mod(lhs - rhs, this.ORDER);
  }
  mul(lhs, rhs) {
    return mod(lhs * rhs, this.ORDER);
  }
  pow(num, power) {
    return pow(num, power, this.ORDER);
  }
  div(lhs, rhs) {
    return mod(lhs * invert(rhs, this.ORDER), this.ORDER);
  }
  // Same as above, but doesn't normalize
  sqrN(num) {
    return num * num;
  }
  addN(lhs, rhs) {
    return lhs + rhs;
  }
  subN(lhs, rhs) {
    return lhs - rhs;
  }
  mulN(lhs, rhs) {
    return lhs * rhs;
  }
  inv(num) {
    return invert(num, this.ORDER);
  }
  sqrt(num) {
    let sqrt = FIELD_SQRT.get(this);
    if (!sqrt)
      FIELD_SQRT.set(this, sqrt = FpSqrt(this.ORDER));
    return sqrt(this, num);
  }
  toBytes(num) {
    return this.isLE ? numberToBytesLE(num, this.BYTES) : numberToBytesBE(num, this.BYTES);
  }
  fromBytes(bytes, skipValidation = false) {
    abytes2(bytes);
    const { _lengths: allowedLengths, BYTES, isLE: isLE2, ORDER, _mod: modFromBytes } = this;
    if (allowedLengths) {
      if (bytes.length < 1 || !allowedLengths.includes(bytes.length) || bytes.length > BYTES) {
        throw new Error("Field.fromBytes: expected " + allowedLengths + " bytes, got " + bytes.length);
      }
      const padded = new Uint8Array(BYTES);
      padded.set(bytes, isLE2 ? 0 : padded.length - bytes.length);
      bytes = padded;
    }
    if (bytes.length !== BYTES)
      throw new Error("Field.fromBytes: expected " + BYTES + " bytes, got " + bytes.length);
    let scalar = isLE2 ? bytesToNumberLE(bytes) : bytesToNumberBE(bytes);
    if (modFromBytes)
      scalar = mod(scalar, ORDER);
    if (!skipValidation) {
      if (!this.isValid(scalar))
        throw new Error("invalid field element: outside of range 0..ORDER");
    }
    return scalar;
  }
  // TODO: we don't need it here, move out to separate fn
  invertBatch(lst) {
    return FpInvertBatch(this, lst, true);
  }
  // We can't move this out because Fp6, Fp12 implement it
  // and it's unclear what to return in there.
  cmov(a, b, condition) {
    abool2(condition, "condition");
    return condition ? b : a;
  }
};
function Field(ORDER, opts = {}) {
  Object.freeze(_Field.prototype);
  return new _Field(ORDER, opts);
}
function getFieldBytesLength(fieldOrder) {
  if (typeof fieldOrder !== "bigint")
    throw new Error("field order must be bigint");
  if (fieldOrder <= _1n2)
    throw new Error("field order must be greater than 1");
  const bitLength = bitLen(fieldOrder - _1n2);
  return Math.ceil(bitLength / 8);
}
function getMinHashLength(fieldOrder) {
  const length = getFieldBytesLength(fieldOrder);
  return length + Math.ceil(length / 2);
}
function mapHashToField(key2, fieldOrder, isLE2 = false) {
  abytes2(key2);
  const len = key2.length;
  const fieldLen = getFieldBytesLength(fieldOrder);
  const minLen = Math.max(getMinHashLength(fieldOrder), 16);
  if (len < minLen || len > 1024)
    throw new Error("expected " + minLen + "-1024 bytes of input, got " + len);
  const num = isLE2 ? bytesToNumberLE(key2) : bytesToNumberBE(key2);
  const reduced = mod(num, fieldOrder - _1n2) + _1n2;
  return isLE2 ? numberToBytesLE(reduced, fieldLen) : numberToBytesBE(reduced, fieldLen);
}

// node_modules/@noble/curves/abstract/curve.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n3 = /* @__PURE__ */ BigInt(0);
var _1n3 = /* @__PURE__ */ BigInt(1);
var _4n2 = /* @__PURE__ */ BigInt(4);
var BLIND_BYTES = 16;
var BLIND_BITS = 128;
var FW_WINDOW = 5;
var TABLE_BYTES_MAX = /* @__PURE__ */ (() => 2 ** 31)();
function validatePointCons(Point) {
  const pc = Point;
  if (typeof pc !== "function")
    throw new TypeError('"Point" expected constructor, got type=' + typeof Point);
  afunction(pc.fromAffine, "Point.fromAffine");
  afunction(pc.fromBytes, "Point.fromBytes");
  afunction(pc.fromHex, "Point.fromHex");
  aobject2(pc.BASE, "Point.BASE");
  aobject2(pc.ZERO, "Point.ZERO");
  validateField(pc.Fp);
  validateField(pc.Fn);
}
function normalizeZ(c, points) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  const invertedZs = FpInvertBatch(c.Fp, points.map((p) => p.Z));
  return points.map((p, i) => c.fromAffine(p.toAffine(invertedZs[i])));
}
function validateW(W, bits, min = 1) {
  if (!Number.isSafeInteger(W) || W < min || W > bits)
    throw new Error("invalid window size, expected [" + min + ".." + bits + "], got W=" + W);
}
function validateTableBytes(numPoints, fpBytes) {
  const bytes = numPoints * (4 * fpBytes + 128);
  if (bytes > TABLE_BYTES_MAX)
    throw new Error("invalid window size: table would need ~" + Math.ceil(bytes / 2 ** 20) + " MiB, max " + TABLE_BYTES_MAX / 2 ** 20 + " MiB");
}
function probeRandomBytes(randomBytes3, length) {
  if (randomBytes3 === void 0)
    return void 0;
  afunction(randomBytes3, "randomBytes");
  try {
    const probe = randomBytes3(length);
    if (!isBytes3(probe) || probe.length !== length)
      return void 0;
  } catch {
    return void 0;
  }
  return randomBytes3;
}
function validateMSMPoints(points, c) {
  aarray(points, "points");
  points.forEach((p, i) => {
    if (!(p instanceof c))
      throw new Error("invalid point at index " + i);
  });
}
function validateMSMScalars(scalars, field, maxScalar) {
  if (!Array.isArray(scalars))
    throw new Error("array of scalars expected");
  scalars.forEach((s, i) => {
    const ok = maxScalar === void 0 ? field.isValid(s) : isPosBig(s) && s < maxScalar;
    if (!ok)
      throw new Error("invalid scalar at index " + i);
  });
}
var pointWindowSizes = /* @__PURE__ */ new WeakMap();
function getWindowSize(P) {
  return pointWindowSizes.get(P) || 1;
}
function oddMultiples(p, size) {
  const dbl = p.double();
  const t = [p];
  for (let j = 1; j < size; j++)
    t.push(t[j - 1].add(dbl));
  return t;
}
function wnafDigits(n, W) {
  const size = 2 ** W;
  const half = size / 2;
  const mask = BigInt(size - 1);
  const d = [];
  while (n > _0n3) {
    let w = 0;
    if (n & _1n3) {
      w = Number(n & mask);
      if (w >= half)
        w -= size;
      n -= BigInt(w);
    }
    d.push(w);
    n >>= _1n3;
  }
  return d;
}
function signedWindowDigits(n, W, windows) {
  const size = 2 ** W;
  const half = size / 2;
  const mask = BigInt(size - 1);
  const shiftBy = BigInt(W);
  const d = [];
  for (let w = 0; w < windows; w++) {
    let v = Number(n & mask);
    n >>= shiftBy;
    if (v > half) {
      v -= size;
      n += _1n3;
    }
    d.push(v);
  }
  if (n !== _0n3)
    throw new Error("invalid wnaf");
  return d;
}
function wnafWalk(zero, tables, digits2) {
  let max = 0;
  for (const d of digits2)
    max = Math.max(max, d.length);
  let acc = zero;
  for (let bit = max - 1; bit >= 0; bit--) {
    if (bit !== max - 1)
      acc = acc.double();
    for (let i = 0; i < digits2.length; i++) {
      const w = digits2[i][bit];
      if (w) {
        const item = tables[i][Math.abs(w) - 1 >> 1];
        acc = acc.add(w < 0 ? item.negate() : item);
      }
    }
  }
  return acc;
}
var ScalarMultiplier = class {
  Point;
  BASE;
  ZERO;
  randomBytes;
  wnafPrecomputes = /* @__PURE__ */ new WeakMap();
  baseCanBeBlinded;
  bits;
  // Parametrized with a given Point class (not individual point)
  constructor(Point, randomBytes3) {
    validatePointCons(Point);
    this.randomBytes = probeRandomBytes(randomBytes3, BLIND_BYTES);
    this.Point = Point;
    this.BASE = Point.BASE;
    this.ZERO = Point.ZERO;
    this.bits = Point.Fn.BITS;
  }
  /**
   * Creates a signed fixed-window wNAF precomputation table: for every window w, the
   * multiples `[1..2^(W−1)]⋅2^(w⋅W)⋅P`, flattened. All doublings are baked into the table,
   * so cached multiplication is additions-only. `windows = ceil(bits/W) + 1`: the extra
   * window absorbs the final carry of signed-digit recoding.
   * For a 256-bit curve and W=6, the table is 44⋅32 = 1408 points.
   * @param point - Point instance
   * @param W - window size
   * @param bits - scalar bitlength the table must cover
   */
  buildWnafTable(point2, W, bits) {
    const windows = Math.ceil(bits / W) + 1;
    const half = 2 ** (W - 1);
    const comp = [];
    let base = point2;
    for (let w = 0; w < windows; w++) {
      let acc = base;
      for (let i = 0; i < half; i++) {
        comp.push(acc);
        acc = acc.add(base);
      }
      base = comp[comp.length - 1].double();
    }
    return { W, bits, windows, comp };
  }
  /**
   * Implements ec multiplication using precomputed signed fixed-window wNAF tables.
   * Constant-time: fixed window count with one table addition per window — zero digits feed
   * the fake accumulator — and no doublings; the lookup scans the whole window slice.
   * Scalar bounds are validated by the public entry points ({@link ScalarMultiplier.mulCT},
   * {@link ScalarMultiplier.mulCTBlinded}, {@link ScalarMultiplier.mulUnsafe});
   * signedWindowDigits throws if `n` exceeds the table.
   * @returns real and fake (for const-time) points
   */
  wnafCachedCT(precomputes, n) {
    const { W, windows, comp } = precomputes;
    const half = 2 ** (W - 1);
    const digits2 = signedWindowDigits(n, W, windows);
    let p = this.ZERO;
    let f = this.BASE;
    for (let w = 0; w < windows; w++) {
      const digit = digits2[w];
      const start = w * half;
      const idx = Math.abs(digit) - 1;
      let sel = comp[start];
      for (let i = 1; i < half; i++)
        sel = i === idx ? comp[start + i] : sel;
      const neg = sel.negate();
      if (digit === 0)
        f = f.add(comp[start]);
      else
        p = p.add(digit < 0 ? neg : sel);
    }
    return { p, f };
  }
  // Cache key is point identity plus (W, bits); at most two entries exist per point (public-width
  // `Fn.BITS` and blinded `Fn.BITS + BLIND_BITS`). Callers must not reuse the same point with
  // incompatible `transform(...)` layouts and expect a separate cache entry.
  getWnafPrecomputes(W, point2, bits, transform) {
    let entries = this.wnafPrecomputes.get(point2);
    let comp = entries?.find((entry) => entry.W === W && entry.bits === bits);
    if (!comp) {
      comp = this.buildWnafTable(point2, W, bits);
      if (typeof transform === "function")
        comp = { ...comp, comp: transform(comp.comp) };
      if (!entries) {
        entries = [];
        this.wnafPrecomputes.set(point2, entries);
      }
      entries.push(comp);
    }
    return comp;
  }
  assertPoint(point2) {
    if (!(point2 instanceof this.Point))
      throw new TypeError('"point" expected Point instance, got type=' + typeof point2);
  }
  // Shared prologue of the constant-time entry points. Rejects scalar 0: in key/signature-style
  // callers a zero scalar means broken upstream plumbing, and concrete Points already reject it.
  // Uses inRange instead of Fn.isValidNot0: validateField() only certifies the arithmetic subset.
  validateMulInput(point2, scalar) {
    this.assertPoint(point2);
    if (!inRange(scalar, _1n3, this.Point.Fn.ORDER))
      throw new Error("invalid scalar");
  }
  // Constant-time dispatch shared by mulCT / mulCTBlinded. Un-precomputed points (W===1, e.g.
  // ECDH peer keys) skip building a throwaway cached table in favor of a small fixed-window
  // multiply. `n` must be < 2^bits.
  runCT(point2, n, bits, transform) {
    const W = getWindowSize(point2);
    if (W === 1)
      return this.fixedWindowCT(point2, n, bits);
    return this.wnafCachedCT(this.getWnafPrecomputes(W, point2, bits, transform), n);
  }
  mulCT(point2, scalar, transform) {
    this.validateMulInput(point2, scalar);
    return this.runCT(point2, scalar, this.bits, transform);
  }
  mulCTBlinded(point2, scalar, transform) {
    this.validateMulInput(point2, scalar);
    if (this.randomBytes === void 0)
      throw new Error("randomBytes is required for scalar blinding");
    const bits = this.Point.Fn.BITS + BLIND_BITS;
    const blind = this.randomBytes(BLIND_BYTES);
    if (!isBytes3(blind) || blind.length !== BLIND_BYTES)
      throw new Error("randomBytes returned invalid byte array");
    blind[0] = blind[0] & 63 | 128;
    const n = scalar + bytesToNumberBE(blind) * this.Point.Fn.ORDER;
    return this.runCT(point2, n, bits, transform);
  }
  /**
   * Constant-time multiplication `n*point` for an un-precomputed point, via a small fixed window.
   * A cached wNAF table only pays off when reused; a flat 2^FW_WINDOW table (`size-1` adds) is
   * far cheaper to build for a single use. The point-operation sequence is independent of `n`:
   * build the table, then per window exactly FW_WINDOW doublings, a data-oblivious scan over
   * every table entry, and one addition (adds the identity when the window digit is 0 — never
   * skipped).
   *
   * `n` must be `< 2^bits`. Assumes complete addition (adding the identity costs the same as any
   * add), which holds for the Weierstrass/Edwards point types used here. The table is left in
   * projective form (no normalizeZ): normalizing this small a table costs more than the
   * mixed-add savings it would buy for a single multiply.
   * @returns real point `p`; `f` duplicates it only to match {@link wnafCachedCT}'s return shape
   * (this path needs no fake accumulator — its op-count is already scalar-independent).
   */
  fixedWindowCT(point2, n, bits) {
    const W = FW_WINDOW;
    const size = 1 << W;
    const mask = bitMask(W);
    const table = new Array(size);
    table[0] = this.ZERO;
    for (let i = 1; i < size; i++)
      table[i] = table[i - 1].add(point2);
    const windows = Math.ceil(bits / W);
    let acc = this.ZERO;
    for (let window3 = windows - 1; window3 >= 0; window3--) {
      if (window3 !== windows - 1)
        for (let d = 0; d < W; d++)
          acc = acc.double();
      const digit = Number(n >> BigInt(window3 * W) & mask);
      let sel = table[0];
      for (let i = 1; i < size; i++)
        sel = i === digit ? table[i] : sel;
      acc = acc.add(sel);
    }
    return { p: acc, f: acc };
  }
  shouldBlind(point2, cofactor) {
    if (this.randomBytes === void 0)
      return false;
    if (cofactor === _1n3)
      return true;
    if (point2 !== this.BASE)
      return false;
    if (this.baseCanBeBlinded === void 0)
      this.baseCanBeBlinded = this.mulUnsafe(this.BASE, this.Point.Fn.ORDER).is0();
    return this.baseCanBeBlinded;
  }
  mulSecret(point2, scalar, cofactor, transform) {
    return this.shouldBlind(point2, cofactor) ? this.mulCTBlinded(point2, scalar, transform) : this.mulCT(point2, scalar, transform);
  }
  mulUnsafe(point2, scalar, transform) {
    this.assertPoint(point2);
    if (!isPosBig(scalar))
      throw new Error("invalid scalar");
    const W = getWindowSize(point2);
    if (W === 1 || scalar >= this.Point.Fn.ORDER)
      return mulAddUnsafe(this.Point, [point2], [scalar], true);
    const precomputes = this.getWnafPrecomputes(W, point2, this.bits, transform);
    return this.wnafCachedCT(precomputes, scalar).p;
  }
  // Remembers the window size used for precomputed wNAF multiplication of the given point
  // and drops any previously built tables. Usually only the base point is precomputed.
  // W=1 resets the point to the un-precomputed (table-less) paths.
  // W is additionally capped so tables stay under ~2 GiB ({@link TABLE_BYTES_MAX}).
  setWindowSize(point2, W) {
    this.assertPoint(point2);
    validateW(W, this.bits);
    const windows = Math.ceil((this.bits + BLIND_BITS) / W) + 1;
    validateTableBytes(windows * 2 ** (W - 1), this.Point.Fp.BYTES);
    pointWindowSizes.set(point2, W);
    this.wnafPrecomputes.delete(point2);
  }
  // True when a window size is set: tables themselves are built lazily on first multiply.
  hasWindowSize(point2) {
    return getWindowSize(point2) !== 1;
  }
};
function mulAddUnsafe(c, points, scalars, allowOversized = false) {
  validatePointCons(c);
  validateMSMPoints(points, c);
  abool2(allowOversized, "allowOversized");
  validateMSMScalars(scalars, c.Fn, allowOversized ? c.Fn.ORDER ** _4n2 : void 0);
  if (points.length !== scalars.length)
    throw new Error("arrays of points and scalars must have equal length");
  const tables = points.map((p) => oddMultiples(p, 4));
  const digits2 = scalars.map((n) => wnafDigits(n, 4));
  return wnafWalk(c.ZERO, tables, digits2);
}
function createField(order, field, isLE2) {
  if (field) {
    if (field.ORDER !== order)
      throw new Error("Field.ORDER must match order: Fp == p, Fn == n");
    validateField(field);
    return field;
  } else {
    return Field(order, { isLE: isLE2 });
  }
}
function createCurveFields(type, CURVE, curveOpts = {}, FpFnLE) {
  if (type !== "weierstrass" && type !== "edwards")
    throw new Error('expected curve type "weierstrass" or "edwards"');
  if (FpFnLE === void 0)
    FpFnLE = type === "edwards";
  if (!CURVE || typeof CURVE !== "object")
    throw new Error(`expected valid ${type} CURVE object`);
  validateObject(curveOpts);
  for (const p of ["p", "n", "h"]) {
    const val = CURVE[p];
    if (!(isPosBig(val) && val !== _0n3))
      throw new Error(`CURVE.${p} must be positive bigint`);
  }
  const Fp2 = createField(CURVE.p, curveOpts.Fp, FpFnLE);
  const Fn = createField(CURVE.n, curveOpts.Fn, FpFnLE);
  const _b = type === "weierstrass" ? "b" : "d";
  const params = ["Gx", "Gy", "a", _b];
  for (const p of params) {
    if (!Fp2.isValid(CURVE[p]))
      throw new Error(`CURVE.${p} must be valid field element of CURVE.Fp`);
  }
  CURVE = Object.freeze(Object.assign({}, CURVE));
  return { CURVE, Fp: Fp2, Fn };
}
function createKeygen(randomSecretKey, getPublicKey) {
  return function keygen(seed) {
    const secretKey = randomSecretKey(seed);
    return { secretKey, publicKey: getPublicKey(secretKey) };
  };
}

// node_modules/@noble/curves/abstract/edwards.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n4 = /* @__PURE__ */ BigInt(0);
var _1n4 = /* @__PURE__ */ BigInt(1);
var _2n2 = /* @__PURE__ */ BigInt(2);
var _4n3 = /* @__PURE__ */ BigInt(4);
var _8n2 = /* @__PURE__ */ BigInt(8);
function isEdValidXY(Fp2, CURVE, x, y) {
  const x2 = Fp2.sqr(x);
  const y2 = Fp2.sqr(y);
  const left = Fp2.add(Fp2.mul(CURVE.a, x2), y2);
  const right = Fp2.add(Fp2.ONE, Fp2.mul(CURVE.d, Fp2.mul(x2, y2)));
  return Fp2.eql(left, right);
}
function edwards(params, extraOpts = {}) {
  validateObject(extraOpts, {}, {}, "extraOpts");
  const opts = extraOpts;
  const validated = createCurveFields("edwards", params, opts, opts.FpFnLE);
  const { Fp: Fp2, Fn } = validated;
  let CURVE = validated.CURVE;
  const { h: cofactor } = CURVE;
  if (FpLegendre(Fp2, CURVE.a) !== 1)
    throw new Error("edwards: CURVE.a must be a square in Fp for complete addition formulas");
  if (FpLegendre(Fp2, CURVE.d) !== -1)
    throw new Error("edwards: CURVE.d must be a non-square in Fp for complete addition formulas");
  validateObject(opts, {}, { uvRatio: "function", randomBytes: "function" });
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const MASK = _2n2 << BigInt(Fp2.BYTES * 8) - _1n4;
  function isOdd(n) {
    if (!Fp2.isOdd)
      throw new Error("Field does not have .isOdd()");
    return Fp2.isOdd(n);
  }
  const uvRatio2 = opts.uvRatio === void 0 ? (u, v) => {
    try {
      return { isValid: true, value: Fp2.sqrt(Fp2.div(u, v)) };
    } catch (e) {
      return { isValid: false, value: _0n4 };
    }
  } : opts.uvRatio;
  if (!isEdValidXY(Fp2, CURVE, CURVE.Gx, CURVE.Gy))
    throw new Error("bad curve params: generator point");
  const mulA = Fp2.eql(CURVE.a, Fp2.neg(Fp2.ONE)) ? (x) => Fp2.neg(x) : Fp2.eql(CURVE.a, Fp2.ONE) ? (x) => x : (x) => Fp2.mul(CURVE.a, x);
  function acoord(title, n, banZero = false) {
    const min = banZero ? _1n4 : _0n4;
    aInRange("coordinate " + title, n, min, MASK);
    return n;
  }
  function aedpoint(other) {
    if (!(other instanceof Point))
      throw new Error("EdwardsPoint expected");
  }
  class Point {
    static BASE = new Point(CURVE.Gx, CURVE.Gy, Fp2.ONE, Fp2.mul(CURVE.Gx, CURVE.Gy));
    static ZERO = new Point(Fp2.ZERO, Fp2.ONE, Fp2.ONE, Fp2.ZERO);
    static Fp = Fp2;
    static Fn = Fn;
    X;
    Y;
    Z;
    T;
    constructor(X, Y, Z, T) {
      this.X = acoord("x", X);
      this.Y = acoord("y", Y);
      this.Z = acoord("z", Z, true);
      this.T = acoord("t", T);
      Object.freeze(this);
    }
    static CURVE() {
      return CURVE;
    }
    /**
     * Create one extended Edwards point from affine coordinates.
     * Does NOT validate that the point is on-curve or torsion-free.
     * Use `.assertValidity()` on adversarial inputs.
     */
    static fromAffine(p) {
      if (p instanceof Point)
        throw new Error("extended point not allowed");
      const { x, y } = p || {};
      acoord("x", x);
      acoord("y", y);
      return new Point(x, y, Fp2.ONE, Fp2.mul(x, y));
    }
    // Uses algo from RFC8032 5.1.3.
    static fromBytes(bytes, zip215 = false) {
      const len = Fp2.BYTES;
      const { a, d } = CURVE;
      bytes = copyBytes(abytes2(bytes, len, "point"));
      abool2(zip215, "zip215");
      const normed = copyBytes(bytes);
      const lastByte = bytes[len - 1];
      normed[len - 1] = lastByte & ~128;
      const y = bytesToNumberLE(normed);
      const max = zip215 ? MASK : Fp2.ORDER;
      aInRange("point.y", y, _0n4, max);
      const y2 = Fp2.sqr(y);
      const u = Fp2.sub(y2, Fp2.ONE);
      const v = Fp2.sub(Fp2.mulN(d, y2), a);
      let { isValid, value: x } = uvRatio2(u, v);
      if (!isValid)
        throw new Error("bad point: invalid y coordinate");
      const isXOdd = isOdd(x);
      const isLastByteOdd = (lastByte & 128) !== 0;
      if (!zip215 && Fp2.is0(x) && isLastByteOdd)
        throw new Error("bad point: x=0 and x_0=1");
      if (isLastByteOdd !== isXOdd)
        x = Fp2.neg(x);
      return Point.fromAffine({ x, y });
    }
    static fromHex(hex2, zip215 = false) {
      return Point.fromBytes(hexToBytes2(hex2), zip215);
    }
    get x() {
      return this.toAffine().x;
    }
    get y() {
      return this.toAffine().y;
    }
    precompute(windowSize = 6, isLazy = true) {
      wnaf.setWindowSize(this, windowSize);
      if (!isLazy)
        this.multiply(_2n2);
      return this;
    }
    // Useful in fromAffine() - not for fromBytes(), which always created valid points.
    assertValidity() {
      const p = this;
      const { a, d } = CURVE;
      if (p.is0())
        throw new Error("bad point: ZERO");
      const { X, Y, Z, T } = p;
      const X2 = Fp2.sqr(X);
      const Y2 = Fp2.sqr(Y);
      const Z2 = Fp2.sqr(Z);
      const Z4 = Fp2.sqr(Z2);
      const aX2 = Fp2.mul(X2, a);
      const left = Fp2.mul(Fp2.add(aX2, Y2), Z2);
      const right = Fp2.add(Z4, Fp2.mul(d, Fp2.mul(X2, Y2)));
      if (!Fp2.eql(left, right))
        throw new Error("bad point: equation left != right (1)");
      const XY = Fp2.mul(X, Y);
      const ZT = Fp2.mul(Z, T);
      if (!Fp2.eql(XY, ZT))
        throw new Error("bad point: equation left != right (2)");
    }
    // Compare one point to another.
    equals(other) {
      aedpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      const X1Z2 = Fp2.mul(X1, Z2);
      const X2Z1 = Fp2.mul(X2, Z1);
      const Y1Z2 = Fp2.mul(Y1, Z2);
      const Y2Z1 = Fp2.mul(Y2, Z1);
      return Fp2.eql(X1Z2, X2Z1) && Fp2.eql(Y1Z2, Y2Z1);
    }
    is0() {
      return this.equals(Point.ZERO);
    }
    negate() {
      return new Point(Fp2.neg(this.X), this.Y, this.Z, Fp2.neg(this.T));
    }
    // Fast algo for doubling Extended Point.
    // https://hyperelliptic.org/EFD/g1p/auto-twisted-extended.html#doubling-dbl-2008-hwcd
    // Cost: 4M + 4S + 1*a + 6add + 1*2.
    double() {
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const A = Fp2.sqr(X1);
      const B2 = Fp2.sqr(Y1);
      const C = Fp2.mul(Fp2.sqr(Z1), _2n2);
      const D = mulA(A);
      const x1y1 = Fp2.addN(X1, Y1);
      const E = Fp2.sub(Fp2.subN(Fp2.sqr(x1y1), A), B2);
      const G = Fp2.addN(D, B2);
      const F = Fp2.subN(G, C);
      const H = Fp2.subN(D, B2);
      const X3 = Fp2.mul(E, F);
      const Y3 = Fp2.mul(G, H);
      const T3 = Fp2.mul(E, H);
      const Z3 = Fp2.mul(F, G);
      return new Point(X3, Y3, Z3, T3);
    }
    // Fast algo for adding 2 Extended Points.
    // https://hyperelliptic.org/EFD/g1p/auto-twisted-extended.html#addition-add-2008-hwcd
    // Cost: 9M + 1*a + 1*d + 7add.
    add(other) {
      aedpoint(other);
      const { d } = CURVE;
      const { X: X1, Y: Y1, Z: Z1, T: T1 } = this;
      const { X: X2, Y: Y2, Z: Z2, T: T2 } = other;
      const A = Fp2.mul(X1, X2);
      const B2 = Fp2.mul(Y1, Y2);
      const C = Fp2.mul(Fp2.mulN(T1, d), T2);
      const D = Fp2.mul(Z1, Z2);
      const E = Fp2.sub(Fp2.subN(Fp2.mulN(Fp2.addN(X1, Y1), Fp2.addN(X2, Y2)), A), B2);
      const F = Fp2.subN(D, C);
      const G = Fp2.addN(D, C);
      const H = Fp2.sub(B2, mulA(A));
      const X3 = Fp2.mul(E, F);
      const Y3 = Fp2.mul(G, H);
      const T3 = Fp2.mul(E, H);
      const Z3 = Fp2.mul(F, G);
      return new Point(X3, Y3, Z3, T3);
    }
    subtract(other) {
      aedpoint(other);
      return this.add(other.negate());
    }
    // Constant-time multiplication.
    multiply(scalar) {
      if (!Fn.isValidNot0(scalar))
        throw new RangeError("invalid scalar: expected 1 <= sc < curve.n");
      const { p, f } = wnaf.mulSecret(this, scalar, cofactor, normalize);
      return normalize([p, f])[0];
    }
    // Non-constant-time multiplication. Uses double-and-add algorithm.
    // It's faster, but should only be used when you don't care about
    // an exposed private key e.g. sig verification.
    // Keeps the same subgroup-scalar contract: 0 is allowed for public-scalar callers, but
    // n and larger values are rejected instead of being reduced mod n to the identity point.
    multiplyUnsafe(scalar) {
      if (!Fn.isValid(scalar))
        throw new RangeError("invalid scalar: expected 0 <= sc < curve.n");
      if (scalar === _0n4)
        return Point.ZERO;
      if (this.is0() || scalar === _1n4)
        return this;
      return wnaf.mulUnsafe(this, scalar, normalize);
    }
    // Checks if point is of small order.
    // If you add something to small order point, you will have "dirty"
    // point with torsion component.
    // Clears cofactor and checks if the result is 0.
    isSmallOrder() {
      return this.clearCofactor().is0();
    }
    // Multiplies point by curve order and checks if the result is 0.
    // Returns `false` is the point is dirty.
    isTorsionFree() {
      return wnaf.mulUnsafe(this, CURVE.n).is0();
    }
    // Converts Extended point to default (x, y) coordinates.
    // Can accept precomputed Z^-1 - for example, from invertBatch.
    toAffine(invertedZ) {
      const p = this;
      let iz = invertedZ;
      if (iz != null && typeof iz !== "bigint")
        throw new TypeError('"invertedZ" expected bigint, got type=' + typeof iz);
      const { X, Y, Z } = p;
      const is0 = p.is0();
      if (iz == null)
        iz = is0 ? Fp2.create(_8n2) : Fp2.inv(Z);
      const x = Fp2.mul(X, iz);
      const y = Fp2.mul(Y, iz);
      const zz = Fp2.mul(Z, iz);
      if (is0)
        return { x: Fp2.ZERO, y: Fp2.ONE };
      if (!Fp2.eql(zz, Fp2.ONE))
        throw new Error("invZ was invalid");
      return { x, y };
    }
    clearCofactor() {
      if (cofactor === _1n4)
        return this;
      if (cofactor === _2n2)
        return this.double();
      if (cofactor === _4n3)
        return this.double().double();
      if (cofactor === _8n2)
        return this.double().double().double();
      return this.multiplyUnsafe(cofactor);
    }
    toBytes() {
      const { x, y } = this.toAffine();
      const bytes = Fp2.toBytes(y);
      bytes[bytes.length - 1] |= isOdd(x) ? 128 : 0;
      return bytes;
    }
    toHex() {
      return bytesToHex2(this.toBytes());
    }
    toString() {
      return `<Point ${this.is0() ? "ZERO" : this.toHex()}>`;
    }
  }
  const normalize = (points) => normalizeZ(Point, points);
  const wnaf = new ScalarMultiplier(Point, randomBytes3);
  if (wnaf.bits >= 6)
    Point.BASE.precompute(6);
  Object.freeze(Point.prototype);
  Object.freeze(Point);
  return Point;
}
function eddsa(Point, cHash, eddsaOpts = {}) {
  validatePointCons(Point);
  if (typeof cHash !== "function")
    throw new Error('"hash" function param is required');
  const hash = cHash;
  const opts = eddsaOpts;
  validateObject(opts, {}, {
    adjustScalarBytes: "function",
    randomBytes: "function",
    domain: "function",
    prehash: "function",
    zip215: "boolean",
    mapToCurve: "function",
    toMontgomery: "function",
    toMontgomerySecret: "function"
  });
  const { prehash } = opts;
  const { BASE, Fp: Fp2, Fn } = Point;
  const outputLen = hash.outputLen;
  const expectedLen = 2 * Fp2.BYTES;
  if (outputLen !== void 0) {
    asafenumber(outputLen, "hash.outputLen");
    if (outputLen !== expectedLen)
      throw new Error(`hash.outputLen must be ${expectedLen}, got ${outputLen}`);
  }
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const toMontgomery2 = opts.toMontgomery;
  const toMontgomerySecret2 = opts.toMontgomerySecret;
  const adjustScalarBytes2 = opts.adjustScalarBytes === void 0 ? (bytes) => bytes : opts.adjustScalarBytes;
  const domain = opts.domain === void 0 ? (data, ctx, phflag) => {
    abool2(phflag, "phflag");
    if (ctx.length || phflag)
      throw new Error("Contexts/pre-hash are not supported");
    return data;
  } : opts.domain;
  function modN_LE(hash2) {
    return Fn.create(bytesToNumberLE(hash2));
  }
  function getPrivateScalar(key2) {
    const len = lengths.secretKey;
    abytes2(key2, lengths.secretKey, "secretKey");
    const hashed = abytes2(hash(key2), 2 * len, "hashedSecretKey");
    const head = adjustScalarBytes2(hashed.slice(0, len));
    const prefix = hashed.slice(len, 2 * len);
    const scalar = modN_LE(head);
    return { head, prefix, scalar };
  }
  function getExtendedPublicKey(secretKey) {
    const { head, prefix, scalar } = getPrivateScalar(secretKey);
    const point2 = BASE.multiply(scalar);
    const pointBytes = point2.toBytes();
    return { head, prefix, scalar, point: point2, pointBytes };
  }
  function getPublicKey(secretKey) {
    return getExtendedPublicKey(secretKey).pointBytes;
  }
  function hashDomainToScalar(context = Uint8Array.of(), ...msgs) {
    const msg = concatBytes2(...msgs);
    return modN_LE(hash(domain(msg, abytes2(context, void 0, "context"), !!prehash)));
  }
  function sign(msg, secretKey, options = {}) {
    validateObject(options, {}, {}, "options");
    msg = copyBytes(abytes2(msg, void 0, "message"));
    if (prehash)
      msg = prehash(msg);
    const { prefix, scalar, pointBytes } = getExtendedPublicKey(secretKey);
    const r = hashDomainToScalar(options.context, prefix, msg);
    const R = BASE.multiply(r).toBytes();
    const k = hashDomainToScalar(options.context, R, pointBytes, msg);
    const s = Fn.create(r + k * scalar);
    if (!Fn.isValid(s))
      throw new Error("sign failed: invalid s");
    const rs = concatBytes2(R, Fn.toBytes(s));
    return abytes2(rs, lengths.signature, "result");
  }
  const verifyOpts = {
    zip215: opts.zip215
  };
  function verify2(sig, msg, publicKey, options = verifyOpts) {
    validateObject(options);
    const { context } = options;
    const zip215 = options.zip215 === void 0 ? !!verifyOpts.zip215 : options.zip215;
    const len = lengths.signature;
    sig = abytes2(sig, len, "signature");
    msg = abytes2(msg, void 0, "message");
    publicKey = abytes2(publicKey, lengths.publicKey, "publicKey");
    if (zip215 !== void 0)
      abool2(zip215, "zip215");
    if (prehash)
      msg = prehash(msg);
    const mid = len / 2;
    const r = sig.subarray(0, mid);
    const s = bytesToNumberLE(sig.subarray(mid, len));
    let A, R, SB;
    try {
      A = Point.fromBytes(publicKey, zip215);
      R = Point.fromBytes(r, zip215);
      SB = BASE.multiplyUnsafe(s);
    } catch (error) {
      return false;
    }
    if (!zip215 && A.isSmallOrder())
      return false;
    const k = hashDomainToScalar(context, r, publicKey, msg);
    const RkA = R.add(A.multiplyUnsafe(k));
    return RkA.subtract(SB).clearCofactor().is0();
  }
  const _size = Fp2.BYTES;
  const lengths = {
    secretKey: _size,
    publicKey: _size,
    signature: 2 * _size,
    seed: _size
  };
  function randomSecretKey(seed) {
    seed = seed === void 0 ? randomBytes3(lengths.seed) : seed;
    return abytes2(seed, lengths.seed, "seed");
  }
  function isValidSecretKey(key2) {
    return isBytes3(key2) && key2.length === lengths.secretKey;
  }
  function isValidPublicKey(key2, zip215) {
    try {
      return !!Point.fromBytes(key2, zip215 === void 0 ? verifyOpts.zip215 : zip215);
    } catch (error) {
      return false;
    }
  }
  const utils = {
    getExtendedPublicKey,
    randomSecretKey,
    isValidSecretKey,
    isValidPublicKey,
    /** Converts an Edwards public key to a companion Montgomery public key. */
    toMontgomery(publicKey) {
      if (toMontgomery2 === void 0)
        throw new Error("Montgomery conversion is not supported for this curve");
      return toMontgomery2(Point.fromBytes(publicKey));
    },
    toMontgomerySecret(secretKey) {
      if (toMontgomerySecret2 === void 0)
        throw new Error("Montgomery conversion is not supported for this curve");
      return toMontgomerySecret2(secretKey);
    }
  };
  Object.freeze(lengths);
  Object.freeze(utils);
  return Object.freeze({
    keygen: createKeygen(randomSecretKey, getPublicKey),
    getPublicKey,
    sign,
    verify: verify2,
    utils,
    Point,
    lengths
  });
}

// node_modules/@noble/curves/ed25519.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _1n5 = /* @__PURE__ */ BigInt(1);
var _2n3 = /* @__PURE__ */ BigInt(2);
var _5n2 = /* @__PURE__ */ BigInt(5);
var _8n3 = /* @__PURE__ */ BigInt(8);
var ed25519_CURVE_p = /* @__PURE__ */ BigInt("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
var ed25519_CURVE = /* @__PURE__ */ (() => ({
  p: ed25519_CURVE_p,
  n: BigInt("0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"),
  h: _8n3,
  a: BigInt("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec"),
  d: BigInt("0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"),
  Gx: BigInt("0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a"),
  Gy: BigInt("0x6666666666666666666666666666666666666666666666666666666666666658")
}))();
function ed25519_pow_2_252_3(x) {
  const _10n = BigInt(10), _20n = BigInt(20), _40n = BigInt(40), _80n = BigInt(80);
  const P = ed25519_CURVE_p;
  const x2 = x * x % P;
  const b2 = x2 * x % P;
  const b4 = pow2(b2, _2n3, P) * b2 % P;
  const b5 = pow2(b4, _1n5, P) * x % P;
  const b10 = pow2(b5, _5n2, P) * b5 % P;
  const b20 = pow2(b10, _10n, P) * b10 % P;
  const b40 = pow2(b20, _20n, P) * b20 % P;
  const b80 = pow2(b40, _40n, P) * b40 % P;
  const b160 = pow2(b80, _80n, P) * b80 % P;
  const b240 = pow2(b160, _80n, P) * b80 % P;
  const b250 = pow2(b240, _10n, P) * b10 % P;
  const pow_p_5_8 = pow2(b250, _2n3, P) * x % P;
  return { pow_p_5_8, b2 };
}
function adjustScalarBytes(bytes) {
  bytes[0] &= 248;
  bytes[31] &= 127;
  bytes[31] |= 64;
  return bytes;
}
var ED25519_SQRT_M1 = /* @__PURE__ */ BigInt("19681161376707505956807079304988542015446066515923890162744021073123829784752");
function uvRatio(u, v) {
  const P = ed25519_CURVE_p;
  const v3 = mod(v * v * v, P);
  const v7 = mod(v3 * v3 * v, P);
  const pow3 = ed25519_pow_2_252_3(u * v7).pow_p_5_8;
  let x = mod(u * v3 * pow3, P);
  const vx2 = mod(v * x * x, P);
  const root1 = x;
  const root2 = mod(x * ED25519_SQRT_M1, P);
  const useRoot1 = vx2 === u;
  const useRoot2 = vx2 === mod(-u, P);
  const noRoot = vx2 === mod(-u * ED25519_SQRT_M1, P);
  if (useRoot1)
    x = root1;
  if (useRoot2 || noRoot)
    x = root2;
  if (isNegativeLE(x, P))
    x = mod(-x, P);
  return { isValid: useRoot1 || useRoot2, value: x };
}
var ed25519_Point = /* @__PURE__ */ edwards(ed25519_CURVE, { uvRatio });
var Fp = /* @__PURE__ */ (() => ed25519_Point.Fp)();
function toMontgomery(point2) {
  const { y } = point2;
  return Fp.toBytes(Fp.div(_1n5 + y, _1n5 - y));
}
function toMontgomerySecret(secretKey) {
  const size = ed25519_Point.Fp.BYTES;
  abytes(secretKey, size);
  return adjustScalarBytes(sha512(secretKey.subarray(0, size))).subarray(0, size);
}
function ed(opts) {
  return eddsa(ed25519_Point, sha512, Object.assign({ adjustScalarBytes, toMontgomery, toMontgomerySecret, zip215: true }, opts));
}
var ed25519 = /* @__PURE__ */ ed({});

// node_modules/@noble/hashes/hmac.js
var _HMAC = class {
  oHash;
  iHash;
  blockLen;
  outputLen;
  canXOF = false;
  finished = false;
  destroyed = false;
  constructor(hash, key2) {
    ahash(hash);
    abytes(key2, void 0, "key");
    this.iHash = hash.create();
    if (typeof this.iHash.update !== "function")
      throw new Error("expected Hash instance");
    this.blockLen = this.iHash.blockLen;
    this.outputLen = this.iHash.outputLen;
    const blockLen = this.blockLen;
    const pad = new Uint8Array(blockLen);
    pad.set(key2.length > blockLen ? hash.create().update(key2).digest() : key2);
    for (let i = 0; i < pad.length; i++)
      pad[i] ^= 54;
    this.iHash.update(pad);
    this.oHash = hash.create();
    for (let i = 0; i < pad.length; i++)
      pad[i] ^= 54 ^ 92;
    this.oHash.update(pad);
    clean(pad);
  }
  update(buf) {
    aexists(this);
    this.iHash.update(buf);
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const buf = out.subarray(0, this.outputLen);
    this.iHash.digestInto(buf);
    this.oHash.update(buf);
    this.oHash.digestInto(buf);
    this.destroy();
  }
  digest() {
    const out = new Uint8Array(this.oHash.outputLen);
    this.digestInto(out);
    return out;
  }
  _cloneInto(to) {
    to ||= Object.create(Object.getPrototypeOf(this), {});
    const { oHash, iHash, finished, destroyed, blockLen, outputLen, canXOF } = this;
    to = to;
    to.finished = finished;
    to.destroyed = destroyed;
    to.blockLen = blockLen;
    to.outputLen = outputLen;
    to.canXOF = canXOF;
    to.oHash = oHash._cloneInto(to.oHash);
    to.iHash = iHash._cloneInto(to.iHash);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
  destroy() {
    this.destroyed = true;
    this.oHash.destroy();
    this.iHash.destroy();
  }
};
var hmac = /* @__PURE__ */ (() => {
  const hmac_ = ((hash, key2, message) => new _HMAC(hash, key2).update(message).digest());
  hmac_.create = (hash, key2) => new _HMAC(hash, key2);
  return hmac_;
})();

// node_modules/@noble/curves/abstract/der.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var _0n5 = /* @__PURE__ */ BigInt(0);
var DERErr = class extends Error {
  constructor(m = "") {
    super(m);
  }
};
var _DER = {
  // asn.1 DER encoding utils
  Err: DERErr,
  // Basic building block is TLV (Tag-Length-Value)
  _tlv: {
    encode: (tag2, data) => {
      const { Err: E } = _DER;
      asafenumber(tag2, "tag");
      if (tag2 < 0 || tag2 > 255)
        throw new E("tlv.encode: wrong tag");
      astring(data, "data");
      if (data.length & 1)
        throw new E("tlv.encode: unpadded data");
      const dataLen = data.length / 2;
      const len = numberToHexUnpadded(dataLen);
      if (len.length / 2 & 128)
        throw new E("tlv.encode: long form length too big");
      const lenLen = dataLen > 127 ? numberToHexUnpadded(len.length / 2 | 128) : "";
      const t = numberToHexUnpadded(tag2);
      return t + lenLen + len + data;
    },
    // v - value, l - left bytes (unparsed)
    decode(tag2, data) {
      const { Err: E } = _DER;
      data = abytes2(data, void 0, "DER data");
      let pos = 0;
      if (tag2 < 0 || tag2 > 255)
        throw new E("tlv.decode: wrong tag");
      if (data.length < 2 || data[pos++] !== tag2)
        throw new E("tlv.decode: wrong tlv");
      const first = data[pos++];
      const isLong = !!(first & 128);
      let length = 0;
      if (!isLong)
        length = first;
      else {
        const lenLen = first & 127;
        if (!lenLen)
          throw new E("tlv.decode(long): indefinite length not supported");
        if (lenLen > 4)
          throw new E("tlv.decode(long): byte length is too big");
        const lengthBytes = data.subarray(pos, pos + lenLen);
        if (lengthBytes.length !== lenLen)
          throw new E("tlv.decode: length bytes not complete");
        if (lengthBytes[0] === 0)
          throw new E("tlv.decode(long): zero leftmost byte");
        for (const b of lengthBytes)
          length = length << 8 | b;
        pos += lenLen;
        if (length < 128)
          throw new E("tlv.decode(long): not minimal encoding");
      }
      const v = data.subarray(pos, pos + length);
      if (v.length !== length)
        throw new E("tlv.decode: wrong value length");
      return { v, l: data.subarray(pos + length) };
    }
  },
  // https://crypto.stackexchange.com/a/57734 Leftmost bit of first byte is 'negative' flag,
  // since we always use positive integers here. It must always be empty:
  // - add zero byte if exists
  // - if next byte doesn't have a flag, leading zero is not allowed (minimal encoding)
  _int: {
    encode(num) {
      const { Err: E } = _DER;
      abignumber(num);
      if (num < _0n5)
        throw new E("integer: negative integers are not allowed");
      let hex2 = numberToHexUnpadded(num);
      if (Number.parseInt(hex2[0], 16) & 8)
        hex2 = "00" + hex2;
      if (hex2.length & 1)
        throw new E("unexpected DER parsing assertion: unpadded hex");
      return hex2;
    },
    decode(data) {
      const { Err: E } = _DER;
      if (data.length < 1)
        throw new E("invalid signature integer: empty");
      if (data[0] & 128)
        throw new E("invalid signature integer: negative");
      if (data.length > 1 && data[0] === 0 && !(data[1] & 128))
        throw new E("invalid signature integer: unnecessary leading zero");
      return bytesToNumberBE(data);
    }
  },
  toSig(bytes, maxScalarBytes) {
    const { Err: E, _int: int, _tlv: tlv } = _DER;
    if (maxScalarBytes !== void 0) {
      asafenumber(maxScalarBytes, "maxScalarBytes");
      if (maxScalarBytes < 1)
        throw new E("invalid signature: maxScalarBytes must be positive");
    }
    const data = abytes2(bytes, void 0, "signature");
    const { v: seqBytes, l: seqLeftBytes } = tlv.decode(48, data);
    if (seqLeftBytes.length)
      throw new E("invalid signature: left bytes after parsing");
    const { v: rBytes, l: rLeftBytes } = tlv.decode(2, seqBytes);
    const { v: sBytes, l: sLeftBytes } = tlv.decode(2, rLeftBytes);
    if (sLeftBytes.length)
      throw new E("invalid signature: left bytes after parsing");
    if (maxScalarBytes !== void 0 && (rBytes.length > maxScalarBytes || sBytes.length > maxScalarBytes))
      throw new E("invalid signature: integer too large");
    return { r: int.decode(rBytes), s: int.decode(sBytes) };
  },
  hexFromSig(sig) {
    const { _tlv: tlv, _int: int } = _DER;
    validateObject(sig, { r: "bigint", s: "bigint" }, {}, "sig");
    const rs = tlv.encode(2, int.encode(sig.r));
    const ss = tlv.encode(2, int.encode(sig.s));
    const seq = rs + ss;
    return tlv.encode(48, seq);
  }
};
var DER = /* @__PURE__ */ (() => {
  Object.freeze(_DER._tlv);
  Object.freeze(_DER._int);
  return Object.freeze(_DER);
})();

// node_modules/@noble/curves/abstract/weierstrass.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var divNearest = (num, den) => (num + (num >= 0 ? den : -den) / _2n4) / den;
function _splitEndoScalar(k, basis, n) {
  aInRange("scalar", k, _0n6, n);
  const [[a1, b1], [a2, b2]] = basis;
  const c1 = divNearest(b2 * k, n);
  const c2 = divNearest(-b1 * k, n);
  let k1 = k - c1 * a1 - c2 * a2;
  let k2 = -c1 * b1 - c2 * b2;
  const k1neg = k1 < _0n6;
  const k2neg = k2 < _0n6;
  if (k1neg)
    k1 = -k1;
  if (k2neg)
    k2 = -k2;
  const MAX_NUM = bitMask(Math.ceil(bitLen(n) / 2)) + _1n6;
  if (k1 < _0n6 || k1 >= MAX_NUM || k2 < _0n6 || k2 >= MAX_NUM) {
    throw new Error("splitScalar (endomorphism): failed for k");
  }
  return { k1neg, k1, k2neg, k2 };
}
function validateSigFormat(format) {
  if (!["compact", "recovered", "der"].includes(format))
    throw new Error('Signature format must be "compact", "recovered", or "der"');
  return format;
}
function validateSigOpts(opts, def) {
  validateObject(opts);
  const optsn = {};
  for (let optName of Object.keys(def)) {
    optsn[optName] = opts[optName] === void 0 ? def[optName] : opts[optName];
  }
  abool2(optsn.lowS, "lowS");
  abool2(optsn.prehash, "prehash");
  if (optsn.format !== void 0)
    validateSigFormat(optsn.format);
  return optsn;
}
var _0n6 = /* @__PURE__ */ BigInt(0);
var _1n6 = /* @__PURE__ */ BigInt(1);
var _2n4 = /* @__PURE__ */ BigInt(2);
var _3n2 = /* @__PURE__ */ BigInt(3);
var _4n4 = /* @__PURE__ */ BigInt(4);
function weierstrass(params, extraOpts = {}) {
  const validated = createCurveFields("weierstrass", params, extraOpts);
  const Fp2 = validated.Fp;
  const Fn = validated.Fn;
  let CURVE = validated.CURVE;
  const { h: cofactor, n: CURVE_ORDER } = CURVE;
  validateObject(extraOpts, {}, {
    allowInfinityPoint: "boolean",
    clearCofactor: "function",
    isTorsionFree: "function",
    fromBytes: "function",
    toBytes: "function",
    endo: "object",
    randomBytes: "function"
  });
  const { endo: endoOpts, allowInfinityPoint, clearCofactor, isTorsionFree, fromBytes, toBytes } = extraOpts;
  const randomBytes3 = extraOpts.randomBytes === void 0 ? randomBytes2 : extraOpts.randomBytes;
  if (endoOpts) {
    if (!Fp2.is0(CURVE.a) || typeof endoOpts.beta !== "bigint" || !Array.isArray(endoOpts.basises)) {
      throw new Error('invalid endo: expected "beta": bigint and "basises": array');
    }
  }
  const endo = endoOpts ? {
    beta: endoOpts.beta,
    basises: endoOpts.basises.map((basis) => [...basis])
  } : void 0;
  const lengths = getWLengths(Fp2, Fn);
  function assertCompressionIsSupported() {
    if (!Fp2.isOdd)
      throw new Error("compression is not supported: Field does not have .isOdd()");
  }
  function pointToBytes(_c, point2, isCompressed) {
    if (point2.is0()) {
      if (!allowInfinityPoint)
        throw new Error("bad point: ZERO");
      return Uint8Array.of(0);
    }
    const { x, y } = point2.toAffine();
    const bx = Fp2.toBytes(x);
    abool2(isCompressed, "isCompressed");
    if (isCompressed) {
      assertCompressionIsSupported();
      const hasEvenY = !Fp2.isOdd(y);
      return concatBytes2(pprefix(hasEvenY), bx);
    } else {
      return concatBytes2(Uint8Array.of(4), bx, Fp2.toBytes(y));
    }
  }
  function pointFromBytes(bytes) {
    abytes2(bytes, void 0, "Point");
    const { publicKey: comp, publicKeyUncompressed: uncomp } = lengths;
    const length = bytes.length;
    const head = bytes[0];
    const tail = bytes.subarray(1);
    if (allowInfinityPoint && length === 1 && head === 0)
      return { x: Fp2.ZERO, y: Fp2.ZERO };
    if (length === comp && (head === 2 || head === 3)) {
      const x = Fp2.fromBytes(tail);
      if (!Fp2.isValid(x))
        throw new Error("bad point: is not on curve, wrong x");
      const y2 = weierstrassEquation(x);
      let y;
      try {
        y = Fp2.sqrt(y2);
      } catch (sqrtError) {
        const err = sqrtError instanceof Error ? ": " + sqrtError.message : "";
        throw new Error("bad point: is not on curve, sqrt error" + err);
      }
      assertCompressionIsSupported();
      const evenY = Fp2.isOdd(y);
      const evenH = (head & 1) === 1;
      if (evenH !== evenY)
        y = Fp2.neg(y);
      return { x, y };
    } else if (length === uncomp && head === 4) {
      const L = Fp2.BYTES;
      const x = Fp2.fromBytes(tail.subarray(0, L));
      const y = Fp2.fromBytes(tail.subarray(L, L * 2));
      if (!isValidXY(x, y))
        throw new Error("bad point: is not on curve");
      return { x, y };
    } else {
      throw new Error(`bad point: got length ${length}, expected compressed=${comp} or uncompressed=${uncomp}`);
    }
  }
  const encodePoint = toBytes === void 0 ? pointToBytes : toBytes;
  const decodePoint = fromBytes === void 0 ? pointFromBytes : fromBytes;
  const b3 = Fp2.mul(CURVE.b, _3n2);
  const mulA = Fp2.is0(CURVE.a) ? (_) => Fp2.ZERO : (x) => Fp2.mul(CURVE.a, x);
  function weierstrassEquation(x) {
    const x2 = Fp2.sqr(x);
    const x3 = Fp2.mul(x2, x);
    return Fp2.add(Fp2.add(x3, Fp2.mul(x, CURVE.a)), CURVE.b);
  }
  function isValidXY(x, y) {
    const left = Fp2.sqr(y);
    const right = weierstrassEquation(x);
    return Fp2.eql(left, right);
  }
  if (!isValidXY(CURVE.Gx, CURVE.Gy))
    throw new Error("bad curve params: generator point");
  const _4a3 = Fp2.mul(Fp2.pow(CURVE.a, _3n2), _4n4);
  const _27b2 = Fp2.mul(Fp2.sqr(CURVE.b), BigInt(27));
  if (Fp2.is0(Fp2.add(_4a3, _27b2)))
    throw new Error("bad curve params: a or b");
  function acoord(title, n, banZero = false) {
    if (!Fp2.isValid(n) || banZero && Fp2.is0(n))
      throw new Error(`bad point coordinate ${title}`);
    return typeof n === "object" && n !== null ? Fp2.create(n) : n;
  }
  function aprjpoint(other) {
    if (!(other instanceof Point))
      throw new Error("Weierstrass Point expected");
  }
  function splitEndoScalarN(k) {
    if (!endo || !endo.basises)
      throw new Error("no endo");
    return _splitEndoScalar(k, endo.basises, Fn.ORDER);
  }
  function pushWnafPair(points, scalars, p, k) {
    if (!Fn.isValid(k))
      throw new RangeError("invalid scalar: out of range");
    if (endo) {
      const { k1neg, k1, k2neg, k2 } = splitEndoScalarN(k);
      const psi = new Point(Fp2.mul(p.X, endo.beta), p.Y, p.Z);
      points.push(k1neg ? p.negate() : p, k2neg ? psi.negate() : psi);
      scalars.push(k1, k2);
    } else {
      points.push(p);
      scalars.push(k);
    }
  }
  const validityCache = /* @__PURE__ */ new WeakSet();
  class Point {
    static BASE = new Point(CURVE.Gx, CURVE.Gy, Fp2.ONE);
    static ZERO = new Point(Fp2.ZERO, Fp2.ONE, Fp2.ZERO);
    static Fp = Fp2;
    static Fn = Fn;
    X;
    Y;
    Z;
    /** Does NOT validate if the point is valid. Use `.assertValidity()`. */
    constructor(X, Y, Z) {
      this.X = acoord("x", X);
      this.Y = acoord("y", Y, true);
      this.Z = acoord("z", Z);
      Object.freeze(this);
    }
    static CURVE() {
      return CURVE;
    }
    /** Does NOT validate if the point is valid. Use `.assertValidity()`. */
    static fromAffine(p) {
      const { x, y } = p || {};
      if (!p || !Fp2.isValid(x) || !Fp2.isValid(y))
        throw new Error("invalid affine point");
      if (p instanceof Point)
        throw new Error("projective point not allowed");
      if (Fp2.is0(x) && Fp2.is0(y))
        return Point.ZERO;
      return new Point(x, y, Fp2.ONE);
    }
    static fromBytes(bytes) {
      const P = Point.fromAffine(decodePoint(abytes2(bytes, void 0, "point")));
      P.assertValidity();
      return P;
    }
    static fromHex(hex2) {
      return Point.fromBytes(hexToBytes2(hex2));
    }
    get x() {
      return this.toAffine().x;
    }
    get y() {
      return this.toAffine().y;
    }
    /**
     * @param isLazy - true will defer table computation until the first multiplication
     */
    precompute(windowSize = 6, isLazy = true) {
      wnaf.setWindowSize(this, windowSize);
      if (!isLazy)
        this.multiply(_3n2);
      return this;
    }
    // TODO: return `this`
    /** A point on curve is valid if it conforms to equation. */
    assertValidity() {
      const p = this;
      if (p.is0()) {
        if (allowInfinityPoint && Fp2.is0(p.X) && Fp2.eql(p.Y, Fp2.ONE) && Fp2.is0(p.Z))
          return;
        throw new Error("bad point: ZERO");
      }
      if (validityCache.has(p))
        return;
      const { x, y } = p.toAffine();
      if (!Fp2.isValid(x) || !Fp2.isValid(y))
        throw new Error("bad point: x or y not field elements");
      if (!isValidXY(x, y))
        throw new Error("bad point: equation left != right");
      if (!p.isTorsionFree())
        throw new Error("bad point: not in prime-order subgroup");
      validityCache.add(p);
    }
    hasEvenY() {
      const { y } = this.toAffine();
      if (!Fp2.isOdd)
        throw new Error("Field doesn't support isOdd");
      return !Fp2.isOdd(y);
    }
    /** Compare one point to another. */
    equals(other) {
      aprjpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      const U1 = Fp2.eql(Fp2.mul(X1, Z2), Fp2.mul(X2, Z1));
      const U2 = Fp2.eql(Fp2.mul(Y1, Z2), Fp2.mul(Y2, Z1));
      return U1 && U2;
    }
    /** Flips point to one corresponding to (x, -y) in Affine coordinates. */
    negate() {
      return new Point(this.X, Fp2.neg(this.Y), this.Z);
    }
    // Renes-Costello-Batina exception-free doubling formula.
    // There is 30% faster Jacobian formula, but it is not complete.
    // https://eprint.iacr.org/2015/1060, algorithm 3
    // Cost: 8M + 3S + 3*a + 2*b3 + 15add.
    double() {
      const { X: X1, Y: Y1, Z: Z1 } = this;
      let X3 = Fp2.ZERO, Y3 = Fp2.ZERO, Z3 = Fp2.ZERO;
      let t0 = Fp2.mul(X1, X1);
      let t1 = Fp2.mul(Y1, Y1);
      let t2 = Fp2.mul(Z1, Z1);
      let t3 = Fp2.mul(X1, Y1);
      t3 = Fp2.add(t3, t3);
      Z3 = Fp2.mul(X1, Z1);
      Z3 = Fp2.add(Z3, Z3);
      X3 = mulA(Z3);
      Y3 = Fp2.mul(b3, t2);
      Y3 = Fp2.add(X3, Y3);
      X3 = Fp2.sub(t1, Y3);
      Y3 = Fp2.add(t1, Y3);
      Y3 = Fp2.mul(X3, Y3);
      X3 = Fp2.mul(t3, X3);
      Z3 = Fp2.mul(b3, Z3);
      t2 = mulA(t2);
      t3 = Fp2.sub(t0, t2);
      t3 = mulA(t3);
      t3 = Fp2.add(t3, Z3);
      Z3 = Fp2.add(t0, t0);
      t0 = Fp2.add(Z3, t0);
      t0 = Fp2.add(t0, t2);
      t0 = Fp2.mul(t0, t3);
      Y3 = Fp2.add(Y3, t0);
      t2 = Fp2.mul(Y1, Z1);
      t2 = Fp2.add(t2, t2);
      t0 = Fp2.mul(t2, t3);
      X3 = Fp2.sub(X3, t0);
      Z3 = Fp2.mul(t2, t1);
      Z3 = Fp2.add(Z3, Z3);
      Z3 = Fp2.add(Z3, Z3);
      return new Point(X3, Y3, Z3);
    }
    // Renes-Costello-Batina exception-free addition formula.
    // There is 30% faster Jacobian formula, but it is not complete.
    // https://eprint.iacr.org/2015/1060, algorithm 1
    // Cost: 12M + 0S + 3*a + 3*b3 + 23add.
    add(other) {
      aprjpoint(other);
      const { X: X1, Y: Y1, Z: Z1 } = this;
      const { X: X2, Y: Y2, Z: Z2 } = other;
      let X3 = Fp2.ZERO, Y3 = Fp2.ZERO, Z3 = Fp2.ZERO;
      let t0 = Fp2.mul(X1, X2);
      let t1 = Fp2.mul(Y1, Y2);
      let t2 = Fp2.mul(Z1, Z2);
      let t3 = Fp2.add(X1, Y1);
      let t4 = Fp2.add(X2, Y2);
      t3 = Fp2.mul(t3, t4);
      t4 = Fp2.add(t0, t1);
      t3 = Fp2.sub(t3, t4);
      t4 = Fp2.add(X1, Z1);
      let t5 = Fp2.add(X2, Z2);
      t4 = Fp2.mul(t4, t5);
      t5 = Fp2.add(t0, t2);
      t4 = Fp2.sub(t4, t5);
      t5 = Fp2.add(Y1, Z1);
      X3 = Fp2.add(Y2, Z2);
      t5 = Fp2.mul(t5, X3);
      X3 = Fp2.add(t1, t2);
      t5 = Fp2.sub(t5, X3);
      Z3 = mulA(t4);
      X3 = Fp2.mul(b3, t2);
      Z3 = Fp2.add(X3, Z3);
      X3 = Fp2.sub(t1, Z3);
      Z3 = Fp2.add(t1, Z3);
      Y3 = Fp2.mul(X3, Z3);
      t1 = Fp2.add(t0, t0);
      t1 = Fp2.add(t1, t0);
      t2 = mulA(t2);
      t4 = Fp2.mul(b3, t4);
      t1 = Fp2.add(t1, t2);
      t2 = Fp2.sub(t0, t2);
      t2 = mulA(t2);
      t4 = Fp2.add(t4, t2);
      t0 = Fp2.mul(t1, t4);
      Y3 = Fp2.add(Y3, t0);
      t0 = Fp2.mul(t5, t4);
      X3 = Fp2.mul(t3, X3);
      X3 = Fp2.sub(X3, t0);
      t0 = Fp2.mul(t3, t1);
      Z3 = Fp2.mul(t5, Z3);
      Z3 = Fp2.add(Z3, t0);
      return new Point(X3, Y3, Z3);
    }
    subtract(other) {
      aprjpoint(other);
      return this.add(other.negate());
    }
    is0() {
      return this.equals(Point.ZERO);
    }
    /**
     * Constant time multiplication.
     * Uses precomputed tables (signed fixed-window wNAF) when available.
     * Uses scalar blinding and avoids endomorphism splitting in the secret-scalar path.
     * @param scalar - by which the point would be multiplied
     * @returns New point
     */
    multiply(scalar) {
      if (!Fn.isValidNot0(scalar))
        throw new RangeError("invalid scalar: out of range");
      const { p, f } = wnaf.mulSecret(this, scalar, cofactor, normalize);
      return normalize([p, f])[0];
    }
    /**
     * Non-constant-time multiplication. Uses width-4 wNAF with GLV endomorphism splitting
     * when available (two half-width scalars sharing one halved doubling chain).
     * It's faster, but should only be used when you don't care about
     * an exposed secret key e.g. sig verification, which works over *public* keys.
     */
    multiplyUnsafe(scalar) {
      const p = this;
      const sc = scalar;
      if (!Fn.isValid(sc))
        throw new RangeError("invalid scalar: out of range");
      if (sc === _0n6 || p.is0())
        return Point.ZERO;
      if (sc === _1n6)
        return p;
      if (wnaf.hasWindowSize(this))
        return wnaf.mulUnsafe(p, sc, normalize);
      const points = [];
      const scalars = [];
      pushWnafPair(points, scalars, p, sc);
      return mulAddUnsafe(Point, points, scalars);
    }
    /**
     * Non-constant-time double-scalar multiplication `a⋅this + b⋅other` (Strauss–Shamir).
     * Both walks share one doubling chain via {@link mulAddUnsafe}, and GLV endomorphism
     * (when available) halves the chain again by splitting each scalar into two half-width
     * parts. Used by ECDSA verification and public-key recovery for `R = u1⋅G + u2⋅P`.
     * Only for public scalars.
     */
    mulAddUnsafe(a, other, b) {
      aprjpoint(other);
      const points = [];
      const scalars = [];
      pushWnafPair(points, scalars, this, a);
      pushWnafPair(points, scalars, other, b);
      return mulAddUnsafe(Point, points, scalars);
    }
    /**
     * Converts Projective point to affine (x, y) coordinates.
     * (X, Y, Z) ∋ (x=X/Z, y=Y/Z).
     * @param invertedZ - Z^-1 (inverted zero) - optional, precomputation is useful for invertBatch
     */
    toAffine(invertedZ) {
      const p = this;
      let iz = invertedZ;
      if (iz != null && !Fp2.isValid(iz))
        throw new RangeError('"invertedZ" expected valid field element');
      const { X, Y, Z } = p;
      if (Fp2.eql(Z, Fp2.ONE))
        return { x: X, y: Y };
      const is0 = p.is0();
      if (iz == null)
        iz = is0 ? Fp2.ONE : Fp2.inv(Z);
      const x = Fp2.mul(X, iz);
      const y = Fp2.mul(Y, iz);
      const zz = Fp2.mul(Z, iz);
      if (is0)
        return { x: Fp2.ZERO, y: Fp2.ZERO };
      if (!Fp2.eql(zz, Fp2.ONE))
        throw new Error("invZ was invalid");
      return { x, y };
    }
    /**
     * Checks whether Point is free of torsion elements (is in prime subgroup).
     * Always torsion-free for cofactor=1 curves.
     */
    isTorsionFree() {
      if (cofactor === _1n6)
        return true;
      if (isTorsionFree)
        return isTorsionFree(Point, this);
      return wnaf.mulUnsafe(this, CURVE_ORDER).is0();
    }
    clearCofactor() {
      if (cofactor === _1n6)
        return this;
      if (clearCofactor)
        return clearCofactor(Point, this);
      return this.multiplyUnsafe(cofactor);
    }
    isSmallOrder() {
      if (cofactor === _1n6)
        return this.is0();
      return this.clearCofactor().is0();
    }
    toBytes(isCompressed = true) {
      abool2(isCompressed, "isCompressed");
      this.assertValidity();
      return encodePoint(Point, this, isCompressed);
    }
    toHex(isCompressed = true) {
      return bytesToHex2(this.toBytes(isCompressed));
    }
    toString() {
      return `<Point ${this.is0() ? "ZERO" : this.toHex()}>`;
    }
  }
  const normalize = (points) => normalizeZ(Point, points);
  const wnaf = new ScalarMultiplier(Point, randomBytes3);
  if (wnaf.bits >= 6)
    Point.BASE.precompute(6);
  Object.freeze(Point.prototype);
  Object.freeze(Point);
  return Point;
}
function pprefix(hasEvenY) {
  return Uint8Array.of(hasEvenY ? 2 : 3);
}
function getWLengths(Fp2, Fn) {
  return {
    secretKey: Fn.BYTES,
    publicKey: 1 + Fp2.BYTES,
    publicKeyUncompressed: 1 + 2 * Fp2.BYTES,
    publicKeyHasPrefix: true,
    // Raw compact `(r || s)` signature width; DER and recovered signatures use
    // different lengths outside this helper.
    signature: 2 * Fn.BYTES
  };
}
function ecdh(Point, ecdhOpts = {}) {
  validatePointCons(Point);
  const { Fn } = Point;
  const randomBytes_ = ecdhOpts.randomBytes === void 0 ? randomBytes2 : ecdhOpts.randomBytes;
  const lengths = Object.assign(getWLengths(Point.Fp, Fn), {
    seed: Math.max(getMinHashLength(Fn.ORDER), 16)
  });
  function isValidSecretKey(secretKey) {
    try {
      const num = Fn.fromBytes(secretKey);
      return Fn.isValidNot0(num);
    } catch (error) {
      return false;
    }
  }
  function isValidPublicKey(publicKey, isCompressed) {
    const { publicKey: comp, publicKeyUncompressed } = lengths;
    try {
      const l = publicKey.length;
      if (isCompressed === true && l !== comp)
        return false;
      if (isCompressed === false && l !== publicKeyUncompressed)
        return false;
      return !Point.fromBytes(publicKey).is0();
    } catch (error) {
      return false;
    }
  }
  function randomSecretKey(seed) {
    seed = seed === void 0 ? randomBytes_(lengths.seed) : seed;
    return mapHashToField(abytes2(seed, lengths.seed, "seed"), Fn.ORDER);
  }
  function getPublicKey(secretKey, isCompressed = true) {
    return Point.BASE.multiply(Fn.fromBytes(secretKey)).toBytes(isCompressed);
  }
  function isProbPub(item) {
    const { secretKey, publicKey, publicKeyUncompressed } = lengths;
    const allowedLengths = Fn._lengths;
    if (!isBytes3(item))
      return void 0;
    const l = abytes2(item, void 0, "key").length;
    const isPub = l === publicKey || l === publicKeyUncompressed;
    const isSec = l === secretKey || !!allowedLengths?.includes(l);
    if (isPub && isSec)
      return void 0;
    return isPub;
  }
  function getSharedSecret(secretKeyA, publicKeyB, isCompressed = true) {
    if (isProbPub(secretKeyA) === true)
      throw new Error("first arg must be private key");
    if (isProbPub(publicKeyB) === false)
      throw new Error("second arg must be public key");
    const s = Fn.fromBytes(secretKeyA);
    const b = Point.fromBytes(publicKeyB);
    if (b.is0())
      throw new Error("invalid public key: point at infinity");
    return b.multiply(s).toBytes(isCompressed);
  }
  const utils = {
    isValidSecretKey,
    isValidPublicKey,
    randomSecretKey
  };
  const keygen = createKeygen(randomSecretKey, getPublicKey);
  Object.freeze(utils);
  Object.freeze(lengths);
  return Object.freeze({ getPublicKey, getSharedSecret, keygen, Point, utils, lengths });
}
function ecdsa(Point, hash, ecdsaOpts = {}) {
  validatePointCons(Point);
  const hash_ = hash;
  ahash(hash_);
  validateObject(ecdsaOpts, {}, {
    hmac: "function",
    lowS: "boolean",
    randomBytes: "function",
    bits2int: "function",
    bits2int_modN: "function"
  });
  const opts = Object.assign({}, ecdsaOpts);
  const randomBytes3 = opts.randomBytes === void 0 ? randomBytes2 : opts.randomBytes;
  const hmac2 = opts.hmac === void 0 ? (key2, msg) => hmac(hash_, key2, msg) : opts.hmac;
  const { Fp: Fp2, Fn } = Point;
  const { ORDER: CURVE_ORDER, BITS: fnBits } = Fn;
  const blindLength = getMinHashLength(CURVE_ORDER);
  const csprng = probeRandomBytes(randomBytes3, blindLength);
  const { keygen, getPublicKey, getSharedSecret, utils, lengths } = ecdh(Point, opts);
  const defaultSigOpts = {
    prehash: true,
    lowS: typeof opts.lowS === "boolean" ? opts.lowS : true,
    format: "compact",
    extraEntropy: false
  };
  const hasLargeRecoveryLifts = CURVE_ORDER * _2n4 + _1n6 < Fp2.ORDER;
  function isBiggerThanHalfOrder(number2) {
    const HALF2 = CURVE_ORDER >> _1n6;
    return number2 > HALF2;
  }
  function validateRS(title, num) {
    if (!Fn.isValidNot0(num))
      throw new Error(`invalid signature ${title}: out of range 1..Point.Fn.ORDER`);
    return num;
  }
  function assertFieldSignIsSupported() {
    if (!Fp2.isOdd)
      throw new Error("Field doesn't support isOdd");
  }
  function getRecoveryBit(x, y, r) {
    assertFieldSignIsSupported();
    return (x === r ? 0 : 2) | Number(Fp2.isOdd(y));
  }
  function assertRecoverableCurve() {
    if (hasLargeRecoveryLifts)
      throw new Error('"recovered" sig type is not supported for cofactor >2 curves');
  }
  function validateSigLength(bytes, format) {
    validateSigFormat(format);
    const size = lengths.signature;
    const sizer = format === "compact" ? size : format === "recovered" ? size + 1 : void 0;
    return abytes2(bytes, sizer);
  }
  class Signature {
    r;
    s;
    recovery;
    constructor(r, s, recovery) {
      this.r = validateRS("r", r);
      this.s = validateRS("s", s);
      if (recovery != null) {
        assertRecoverableCurve();
        if (![0, 1, 2, 3].includes(recovery))
          throw new Error("invalid recovery id");
        this.recovery = recovery;
      }
      Object.freeze(this);
    }
    static fromBytes(bytes, format = defaultSigOpts.format) {
      validateSigLength(bytes, format);
      let recid;
      if (format === "der") {
        if (bytes.length > 2 * Fn.BYTES + 16)
          throw new DER.Err("invalid signature: DER signature too long");
        const { r: r2, s: s2 } = DER.toSig(abytes2(bytes), Fn.BYTES + 1);
        return new Signature(r2, s2);
      }
      if (format === "recovered") {
        recid = bytes[0];
        format = "compact";
        bytes = bytes.subarray(1);
      }
      const L = lengths.signature / 2;
      const r = bytes.subarray(0, L);
      const s = bytes.subarray(L, L * 2);
      return new Signature(Fn.fromBytes(r), Fn.fromBytes(s), recid);
    }
    static fromHex(hex2, format) {
      return this.fromBytes(hexToBytes2(hex2), format);
    }
    assertRecovery() {
      const { recovery } = this;
      if (recovery == null)
        throw new Error("invalid recovery id: must be present");
      return recovery;
    }
    addRecoveryBit(recovery) {
      return new Signature(this.r, this.s, recovery);
    }
    // Unlike the top-level helper below, this method expects a digest that has
    // already been hashed to the curve's message representative.
    recoverPublicKey(messageHash) {
      const { r, s } = this;
      const recovery = this.assertRecovery();
      const radj = recovery === 2 || recovery === 3 ? r + CURVE_ORDER : r;
      if (!Fp2.isValid(radj))
        throw new Error("invalid recovery id: sig.r+curve.n != R.x");
      const x = Fp2.toBytes(radj);
      const R = Point.fromBytes(concatBytes2(pprefix((recovery & 1) === 0), x));
      const ir = Fn.inv(radj);
      const h = bits2int_modN(abytes2(messageHash, void 0, "msgHash"));
      const u1 = Fn.create(-h * ir);
      const u2 = Fn.create(s * ir);
      const Q = Point.BASE.mulAddUnsafe(u1, R, u2);
      if (Q.is0())
        throw new Error("invalid recovery: point at infinify");
      Q.assertValidity();
      return Q;
    }
    // Signatures should be low-s, to prevent malleability.
    hasHighS() {
      return isBiggerThanHalfOrder(this.s);
    }
    toBytes(format = defaultSigOpts.format) {
      validateSigFormat(format);
      if (format === "der")
        return hexToBytes2(DER.hexFromSig(this));
      const { r, s } = this;
      const rb = Fn.toBytes(r);
      const sb = Fn.toBytes(s);
      if (format === "recovered") {
        assertRecoverableCurve();
        return concatBytes2(Uint8Array.of(this.assertRecovery()), rb, sb);
      }
      return concatBytes2(rb, sb);
    }
    toHex(format) {
      return bytesToHex2(this.toBytes(format));
    }
  }
  Object.freeze(Signature.prototype);
  Object.freeze(Signature);
  const bits2int = opts.bits2int === void 0 ? function bits2int_def(bytes) {
    if (bytes.length > 8192)
      throw new Error("input is too large");
    const num = bytesToNumberBE(bytes);
    const delta = bytes.length * 8 - fnBits;
    return delta > 0 ? num >> BigInt(delta) : num;
  } : opts.bits2int;
  const bits2int_modN = opts.bits2int_modN === void 0 ? function bits2int_modN_def(bytes) {
    return Fn.create(bits2int(bytes));
  } : opts.bits2int_modN;
  const ORDER_MASK = bitMask(fnBits);
  function int2octets(num) {
    aInRange("num < 2^" + fnBits, num, _0n6, ORDER_MASK);
    return Fn.toBytes(num);
  }
  function validateMsgAndHash(message, prehash) {
    abytes2(message, void 0, "message");
    return prehash ? abytes2(hash_(message), void 0, "prehashed message") : message;
  }
  function prepSig(message, secretKey, opts2) {
    const { lowS, prehash, extraEntropy } = validateSigOpts(opts2, defaultSigOpts);
    message = validateMsgAndHash(message, prehash);
    const h1int = bits2int_modN(message);
    const d = Fn.fromBytes(secretKey);
    if (!Fn.isValidNot0(d))
      throw new Error("invalid private key");
    const seedArgs = [int2octets(d), int2octets(h1int)];
    if (extraEntropy != null && extraEntropy !== false) {
      const e = extraEntropy === true ? randomBytes3(lengths.secretKey) : extraEntropy;
      seedArgs.push(abytes2(e, void 0, "extraEntropy"));
    }
    const seed = concatBytes2(...seedArgs);
    const m = h1int;
    function k2sig(kBytes) {
      const k = bits2int(kBytes);
      if (!Fn.isValidNot0(k))
        return;
      const q = Point.BASE.multiply(k).toAffine();
      const r = Fn.create(q.x);
      if (r === _0n6)
        return;
      let s;
      if (csprng !== void 0) {
        const b = bytesToNumberBE(mapHashToField(csprng(blindLength), CURVE_ORDER));
        const ibk = Fn.inv(Fn.mul(b, k));
        const bm = Fn.mul(b, m);
        const bd = Fn.mul(b, d);
        s = Fn.create(ibk * Fn.create(bm + bd * r));
      } else {
        const ik = invertCt(k, CURVE_ORDER);
        s = Fn.create(ik * Fn.create(m + r * d));
      }
      if (s === _0n6)
        return;
      let recovery = getRecoveryBit(q.x, q.y, r);
      let normS = s;
      if (lowS && isBiggerThanHalfOrder(s)) {
        normS = Fn.neg(s);
        recovery ^= 1;
      }
      return new Signature(r, normS, hasLargeRecoveryLifts ? void 0 : recovery);
    }
    return { seed, k2sig };
  }
  function sign(message, secretKey, opts2 = {}) {
    const { seed, k2sig } = prepSig(message, secretKey, opts2);
    const drbg = createHmacDrbg(hash_.outputLen, Fn.BYTES, hmac2);
    const sig = drbg(seed, k2sig);
    return sig.toBytes(opts2.format);
  }
  function verify2(signature, message, publicKey, opts2 = {}) {
    const { lowS, prehash, format } = validateSigOpts(opts2, defaultSigOpts);
    publicKey = abytes2(publicKey, void 0, "publicKey");
    message = validateMsgAndHash(message, prehash);
    if (!isBytes3(signature)) {
      const end = signature instanceof Signature ? ", use sig.toBytes()" : "";
      throw new Error("verify expects Uint8Array signature" + end);
    }
    validateSigLength(signature, format);
    try {
      const sig = Signature.fromBytes(signature, format);
      const P = Point.fromBytes(publicKey);
      if (P.is0())
        return false;
      if (lowS && sig.hasHighS())
        return false;
      const { r, s } = sig;
      const h = bits2int_modN(message);
      const is2 = Fn.inv(s);
      const u1 = Fn.create(h * is2);
      const u2 = Fn.create(r * is2);
      const R = Point.BASE.mulAddUnsafe(u1, P, u2);
      if (R.is0())
        return false;
      const q = R.toAffine();
      const v = Fn.create(q.x);
      if (v !== r)
        return false;
      if (format === "recovered" && sig.recovery !== getRecoveryBit(q.x, q.y, r))
        return false;
      return true;
    } catch (e) {
      return false;
    }
  }
  function recoverPublicKey(signature, message, opts2 = {}) {
    const { prehash } = validateSigOpts(opts2, defaultSigOpts);
    message = validateMsgAndHash(message, prehash);
    return Signature.fromBytes(signature, "recovered").recoverPublicKey(message).toBytes();
  }
  return Object.freeze({
    keygen,
    getPublicKey,
    getSharedSecret,
    utils,
    lengths,
    Point,
    sign,
    verify: verify2,
    recoverPublicKey,
    Signature,
    hash: hash_
  });
}

// node_modules/@noble/curves/nist.js
/*! noble-curves - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var p256_CURVE = /* @__PURE__ */ (() => ({
  p: BigInt("0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
  n: BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
  h: BigInt(1),
  a: BigInt("0xffffffff00000001000000000000000000000000fffffffffffffffffffffffc"),
  b: BigInt("0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
  Gx: BigInt("0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
  Gy: BigInt("0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
}))();
var p256_Point = /* @__PURE__ */ weierstrass(p256_CURVE);
var p256 = /* @__PURE__ */ ecdsa(p256_Point, sha256);

// backend/web/verify/keys.js
var ES256 = -7;
var EDDSA = -8;
var SIGNATURE_SIZE = 64;
var MAX_COSE_KEY = 128;
function readKey(cose) {
  const value = decodeDeterministic(cose, "cose key", MAX_COSE_KEY);
  const get = (label) => value instanceof Map ? value.get(label) : void 0;
  const [x, y] = [get(-2), get(-3)];
  if (value.size === 4 && get(1) === 2 && get(-1) === 1 && isBytes(x, 32) && isBytes(y, 32)) {
    const point2 = Uint8Array.of(4, ...x, ...y);
    if (!p256.utils.isValidPublicKey(point2)) throw new Malformed("cose key: not a point of P-256");
    return { id: sha256(cose), algorithm: ES256, point: point2 };
  }
  if (value.size === 3 && get(1) === 1 && get(-1) === 6 && isBytes(x, 32)) {
    return { id: sha256(cose), algorithm: EDDSA, point: x };
  }
  throw new Malformed("cose key: neither a P-256 nor an Ed25519 public key with the required members alone");
}
function verifies(key2, signature, message, lowS = true) {
  if (!isBytes(signature, SIGNATURE_SIZE)) return false;
  try {
    return key2.algorithm === ES256 ? p256.verify(signature, message, key2.point, { prehash: true, lowS, format: "compact" }) : ed25519.verify(signature, message, key2.point, { zip215: false });
  } catch {
    return false;
  }
}
function proves(cose, { chain, registry, operator, role, log, issuer }, proof) {
  try {
    return verifies(readKey(cose), proof, encode(["leafproof key possession", chain, registry, operator, role, log, issuer]));
  } catch {
    return false;
  }
}

// backend/web/verify/note.js
var MAX_NOTE = 128 << 10;
var MAX_SIGNATURES = 100;
var MAX_NAME = 255;
var COSIGNATURE = 4;
var [ID, TIME, KEY, HASH] = [4, 8, 32, 32];
var LATEST = (1n << 63n) - 1n;
function fromBase64(text2) {
  let binary;
  try {
    binary = atob(text2);
  } catch {
    throw new Malformed("not base64");
  }
  if (btoa(binary) !== text2) throw new Malformed("not base64 in its one form");
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
function keyName(name2) {
  if (!/^[^\p{C}\p{Z}+]+$/u.test(name2) || [...name2].length > MAX_NAME) throw new Malformed("key name: not printable, without spaces and plus signs");
  return name2;
}
function readWitness(vkey) {
  const [, name2, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(vkey) ?? [];
  if (encoded === void 0) throw new Malformed("vkey: not <name>+<key id>+<key>");
  const data = fromBase64(encoded);
  if (data.length !== 1 + KEY || data[0] !== COSIGNATURE) throw new Malformed("vkey: not an Ed25519 cosigner's");
  const keyId = sha256(concat2(utf8(keyName(name2) + "\n"), data)).subarray(0, ID);
  if (id !== hex(keyId)) throw new Malformed("vkey: its id is not that of its name and key");
  return { name: name2, keyId, algorithm: EDDSA, point: data.subarray(1) };
}
function readSignature(line4) {
  const [, name2, encoded] = /^\u2014 ([^ ]*) (.*)$/su.exec(line4) ?? [];
  if (encoded === void 0) throw new Malformed("note: a signature line does not begin with a dash");
  const data = fromBase64(encoded);
  if (data.length <= ID) throw new Malformed("note: a signature is empty");
  return { name: keyName(name2), keyId: data.subarray(0, ID), value: data.subarray(ID) };
}
function readNote(bytes) {
  if (bytes.length > MAX_NOTE) throw new Malformed("note: too long");
  let whole3;
  try {
    whole3 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("note: not UTF-8");
  }
  if (/[\0-\x09\x0b-\x1f]/.test(whole3)) throw new Malformed("note: has control characters");
  const gap = whole3.lastIndexOf("\n\n");
  const lines = whole3.slice(gap + 2);
  if (gap < 0 || !lines.endsWith("\n")) throw new Malformed("note: not a text, a blank line and signatures");
  const signatures = lines.slice(0, -1).split("\n");
  if (signatures.length > MAX_SIGNATURES) throw new Malformed("note: too many signatures");
  return { text: whole3.slice(0, gap + 1), signatures: signatures.map(readSignature) };
}
function readCheckpoint(bytes) {
  const note = readNote(bytes);
  const lines = note.text.slice(0, -1).split("\n");
  if (lines.length < 3 || !lines.every(Boolean)) throw new Malformed("checkpoint: not lines of origin, size and root");
  const [origin, size, encoded] = lines;
  const root = fromBase64(encoded);
  if (root.length !== HASH) throw new Malformed("checkpoint: its root has not 32 bytes");
  if (!/^(0|[1-9][0-9]{0,18})$/.test(size) || BigInt(size) > LATEST) throw new Malformed("checkpoint: not a decimal number");
  return { ...note, origin, size: BigInt(size), root };
}
var originOf = (log) => `leafproof/${log.chain}/0x${log.contract}/${log.id}`;
function cosignedBy({ text: text2, signatures }, witnesses) {
  const found = [];
  for (const witness of witnesses) {
    const own = signatures.filter(({ name: name2, keyId }) => name2 === witness.name && equal(keyId, witness.keyId));
    for (const { value } of own) {
      const time = value.length === TIME + SIGNATURE_SIZE ? BigInt("0x" + hex(value.subarray(0, TIME))) : LATEST + 1n;
      const signed = utf8(`cosignature/v1
time ${time}
${text2}`);
      if (time > LATEST || !verifies(witness, value.subarray(TIME), signed)) throw new Malformed("the signature does not verify");
    }
    if (own.length) found.push(witness.name);
  }
  return found;
}

// backend/web/verify/values.js
var LOT = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/;
var POINT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
var LEI = /^[0-9A-Z]{18}[0-9]{2}$/;
var PARTY = "https://id.gs1.org/417/";
var GATEWAY = "urn:leafproof:gateway:";
var LATEST2 = 253402214400;
function gs1Key(field, text2, lengths) {
  if (!/^[0-9]*$/.test(text2) || !lengths.includes(text2.length)) {
    throw new Malformed(`${field}: '${text2.slice(0, 40)}' is not ${lengths.join(" or ")} digits`);
  }
  const digits2 = [...text2].map(Number);
  const last = digits2.pop();
  const sum2 = digits2.reverse().reduce((weighted2, digit, i) => weighted2 + digit * (i % 2 ? 1 : 3), 0);
  const expected2 = (10 - sum2 % 10) % 10;
  if (last !== expected2) throw new Malformed(`${field}: ${text2} has check digit ${last}, its digits give ${expected2}`);
  return text2;
}
var gln = (text2, field) => gs1Key(field, text2, [13]);
function lei(text2, field) {
  if (!LEI.test(text2)) throw new Malformed(`${field}: '${text2.slice(0, 40)}' is not 18 digits or capital letters and 2 digits`);
  const digits2 = [...text2].map((character) => parseInt(character, 36)).join("");
  if (BigInt(digits2) % 97n !== 1n) throw new Malformed(`${field}: ${text2} has wrong check digits`);
  return text2;
}
var party = (text2, field) => ([...text2].length === 20 ? lei : gln)(text2, field);
var partyUri = (named4) => (named4.length === 20 ? "urn:lei:" : PARTY) + named4;
function lot(gtin, code) {
  const digits2 = gs1Key("gtin", gtin, [8, 12, 13, 14]).padStart(14, "0");
  return `${digits2}/${lotCode(code)}`;
}
function lotCode(code) {
  if (!LOT.test(code)) throw new Malformed(`lot: '${code.slice(0, 40)}' is not 1 to 20 characters of GS1 character set 82`);
  return code;
}
function pointName(text2) {
  if (!POINT.test(text2)) throw new Malformed(`point: '${text2.slice(0, 70)}' is not 1 to 63 letters, digits, dots, dashes or underscores`);
  return text2;
}
function digest(text2, field) {
  if (!/^[0-9a-f]{64}$/.test(text2)) throw new Malformed(`${field}: not 64 lower-case hexadecimal digits`);
  return text2;
}
function speaksFor(identifier, issuer) {
  if (issuer === identifier) return true;
  return identifier.startsWith(PARTY) && issuer.startsWith(`${GATEWAY}${identifier.slice(PARTY.length)}:`);
}
var utcText = (seconds) => new Date(seconds * 1e3).toISOString().replace(".000", "");
function utcSeconds(text2, field) {
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(text2)) {
    const seconds = Date.parse(text2) / 1e3;
    if (seconds >= 0 && seconds < LATEST2 && utcText(seconds) === text2) return seconds;
  }
  throw new Malformed(`${field}: '${text2.slice(0, 40)}' is not a UTC time such as 2026-11-23T08:00:00Z`);
}
function calendar(zone) {
  try {
    if (!/^[A-Za-z]/.test(zone)) throw new RangeError();
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, calendar: "gregory", year: "numeric" });
  } catch {
    throw new Malformed(`zone: unknown time zone '${zone.slice(0, 40)}'`);
  }
}
var checkZone = (zone) => void calendar(zone);
function localDate(seconds, zone) {
  checkZone(zone);
  const form = { timeZone: zone, calendar: "gregory", year: "numeric", month: "2-digit", day: "2-digit" };
  const parts = new Intl.DateTimeFormat("en-US", form).formatToParts(seconds * 1e3);
  const [year, month, day2] = ["year", "month", "day"].map((name2) => parts.find(({ type }) => type === name2).value);
  return `${year.padStart(4, "0")}-${month}-${day2}`;
}
var localYear = (seconds, zone) => calendar(zone).format(seconds * 1e3).padStart(4, "0");

// backend/web/verify/bundle.js
var MAX_BUNDLE = 64 << 20;
var MAX_ITEMS = 1e5;
function readLog(value, what) {
  const [chain, contract, id] = Array.isArray(value) && value.length === 3 ? value : [];
  if (!isCount(chain) || !chain || !isBytes(contract, 20) || !isBytes(id, 32)) {
    throw new Malformed(`${what}: not [chain id, contract of 20 bytes, log id of 32 bytes]`);
  }
  return { chain, contract: hex(contract), id: hex(id), name: `${chain} ${hex(contract)} ${hex(id)}` };
}
function readBundle(bytes) {
  const value = decodeDeterministic(bytes, "bundle", MAX_BUNDLE);
  const [magic, version, named4, keys, heads, items, ...rest] = Array.isArray(value) && value.length >= 6 ? value : [];
  const good = magic === "leafproof-bundle" && version === 1 && [named4, keys, heads, items].every(Array.isArray) && named4.length === 2 && named4.every((part) => typeof part === "string");
  if (!good) throw new Malformed("bundle: not a Leafproof bundle of version 1");
  if (keys.length > MAX_ITEMS || items.length > MAX_ITEMS || !keys.every((key2) => isBytes(key2))) {
    throw new Malformed(`bundle: keys are not byte strings, or more than ${MAX_ITEMS} parts`);
  }
  const [checkpoints = []] = rest;
  if (rest.length > 1 || rest.length && !(Array.isArray(checkpoints) && checkpoints.length) || checkpoints.length > heads.length) {
    throw new Malformed("bundle: what stands behind the statements is not a checkpoint or more");
  }
  return {
    lot: lot(...named4),
    keys,
    heads: heads.map(readHead),
    items: items.map((item) => readItem(item, heads.length)),
    checkpoints: checkpoints.map((checkpoint) => readWitnessed(checkpoint, heads.length))
  };
}
function readWitnessed(value, heads) {
  const [note, proofs] = Array.isArray(value) && value.length === 2 ? value : [];
  if (!isBytes(note) || note.length > MAX_NOTE || !Array.isArray(proofs) || proofs.length > heads) {
    throw new Malformed("bundle.checkpoints: not [note, proofs]");
  }
  for (const proof of proofs) {
    const [head, path] = Array.isArray(proof) && proof.length === 2 ? proof : [];
    if (!isCount(head) || head >= heads || !Array.isArray(path) || !path.every((hash) => isBytes(hash))) {
      throw new Malformed("bundle.checkpoints: not [head, proof]");
    }
  }
  return { note, proofs };
}
function readHead(value) {
  const [log, size, root] = Array.isArray(value) && value.length === 3 ? value : [];
  if (!isCount(size) || !size || !isBytes(root, 32)) throw new Malformed("bundle.heads: not [log, size, root]");
  return { log: readLog(log, "bundle.heads"), size, root };
}
function readItem(value, heads) {
  const [envelope, body, disclosures, index, head, path] = Array.isArray(value) && value.length === 6 ? value : [];
  const good = isBytes(envelope) && (body === null || isBytes(body)) && Array.isArray(disclosures) && disclosures.every((text2) => typeof text2 === "string") && isCount(index) && isCount(head) && head < heads && Array.isArray(path) && path.every((hash) => isBytes(hash));
  if (!good) throw new Malformed("bundle.statements: not [envelope, body, disclosures, index, head, path]");
  return { envelope, body, disclosures, index, head, path };
}

// backend/web/verify/claimed.js
var MAX_SERIAL = 2n ** 128n - 1n;
function require2(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise);
}
var Claims = class {
  all = [];
  // in order; what a registry rejected is kept, and stands no more
  #registries = /* @__PURE__ */ new Set();
  #registrars = /* @__PURE__ */ new Set();
  #standing(registry, first, subject2) {
    const claim = this.all.find((one) => one.registry === registry && one.first === first && !one.rejected);
    require2(claim, "no such claim stands");
    require2(claim.subject === subject2, "the claim is for another subject");
    return claim;
  }
  admitted(registry) {
    require2(!this.#registries.has(registry), "the registry was admitted before");
    this.#registries.add(registry);
  }
  removed(registry) {
    require2(this.#registries.delete(registry), "no such registry was admitted");
  }
  appointed(registry, registrar) {
    require2(!this.#registrars.has(registry + registrar), "the registrar was appointed before");
    this.#registrars.add(registry + registrar);
  }
  dismissed(registry, registrar) {
    require2(this.#registrars.delete(registry + registrar), "no such registrar was appointed");
  }
  claimed(subject2, registry, operator, first, last, cancellation) {
    require2(this.#registries.has(registry), "the registry was never admitted");
    require2(first > 0n && first <= last && last <= MAX_SERIAL, "no range of serials");
    const overlaps = (one) => one.registry === registry && !one.rejected && one.first <= last && first <= one.last;
    require2(!this.all.some(overlaps), "serials are claimed twice");
    this.all.push({ subject: subject2, registry, operator, first, last, cancellation, footprints: [], attested: null, rejected: false });
  }
  named(subject2, registry, version, first, footprint) {
    const { footprints } = this.#standing(registry, first, subject2);
    require2(Number(version) === footprints.length + 1, "a version of the footprint was left out");
    footprints.push(footprint);
  }
  #spoken(subject2, registry, registrar, first) {
    const claim = this.#standing(registry, first, subject2);
    require2(this.#registrars.has(registry + registrar), "no registrar of the registry");
    return claim;
  }
  attested(subject2, registry, registrar, first) {
    const claim = this.#spoken(subject2, registry, registrar, first);
    require2(!claim.attested, "the claim was attested before");
    claim.attested = registrar;
  }
  rejected(subject2, registry, registrar, first) {
    const claim = this.#spoken(subject2, registry, registrar, first);
    require2(!claim.attested, "an attested claim is not rejected");
    claim.rejected = true;
  }
};
var of = Claims.prototype;
var CLAIM_HANDLERS = {
  RegistryAdmitted: of.admitted,
  RegistryRemoved: of.removed,
  RegistrarAppointed: of.appointed,
  RegistrarDismissed: of.dismissed,
  Claimed: of.claimed,
  FootprintNamed: of.named,
  Attested: of.attested,
  Rejected: of.rejected
};
var REGISTRY_EVENTS = ["RegistryAdmitted", "RegistryRemoved", "RegistrarAppointed", "RegistrarDismissed"];
var CLAIM_EVENTS = ["Claimed", "FootprintNamed", "Attested", "Rejected"];

// backend/web/verify/json.js
var MAX_DEPTH2 = 100;
var MAX_DIGITS = 4300;
var TOKEN = /[\t\n\r ]*(?:([{}[\],:])|("[^"\\]*(?:\\.[^"\\]*)*")|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))[\t\n\r ]*/suy;
var Float = class {
};
function parse(text2, what) {
  const refuse2 = () => new Malformed(`${what}: not JSON, or a member twice`);
  let at2 = 0;
  const next = () => {
    TOKEN.lastIndex = at2;
    const found = TOKEN.exec(text2);
    if (!found) throw refuse2();
    at2 = TOKEN.lastIndex;
    return found;
  };
  const value = (found, depth) => {
    const [, mark, string, digits2, word3] = found;
    if (string !== void 0 || word3 !== void 0) return scalar(string ?? word3);
    if (digits2 !== void 0) return numeral(digits2);
    if (depth === 0) throw refuse2();
    if (mark === "[") return array(depth - 1);
    if (mark === "{") return object(depth - 1);
    throw refuse2();
  };
  const scalar = (token) => {
    try {
      return JSON.parse(token);
    } catch {
      throw refuse2();
    }
  };
  const numeral = (digits2) => {
    scalar(digits2);
    if (digits2.length > MAX_DIGITS) throw refuse2();
    if (!/^-?[0-9]+$/.test(digits2)) return new Float();
    const small = Number(digits2);
    return Number.isSafeInteger(small) ? small : BigInt(digits2);
  };
  const array = (depth) => {
    const items = [];
    let found = next();
    while (found[1] !== "]") {
      items.push(value(found, depth));
      found = after("]");
    }
    return items;
  };
  const object = (depth) => {
    const members = /* @__PURE__ */ new Map();
    let found = next();
    while (found[1] !== "}") {
      if (found[2] === void 0) throw refuse2();
      const name2 = scalar(found[2]);
      if (members.has(name2) || next()[1] !== ":") throw refuse2();
      members.set(name2, value(next(), depth));
      found = after("}");
    }
    return members;
  };
  const after = (end) => {
    const found = next();
    if (found[1] === end) return found;
    if (found[1] !== ",") throw refuse2();
    const more = next();
    if (more[1] === end) throw refuse2();
    return more;
  };
  const whole3 = value(next(), MAX_DEPTH2);
  if (at2 !== text2.length) throw refuse2();
  return whole3;
}
function parseBytes(bytes, what) {
  let text2;
  try {
    text2 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed(`${what}: not UTF-8`);
  }
  return parse(text2, what);
}

// backend/web/verify/disclosure.js
var MAX_DISCLOSURES = 64;
var MAX_DISCLOSURE = 1 << 20;
var MAX_BODY = 1 << 20;
var SALT_SIZE = 16;
var HIDING = ["_sd", "...", "_sd_alg"];
function bodyContent(data) {
  const value = decode2(data, "body", MAX_BODY);
  if (!Array.isArray(value) || value.length !== 2) throw new Malformed("body: not [salt, and 1 more]");
  if (!isBytes(value[0], SALT_SIZE)) throw new Malformed(`body: does not start with a salt of ${SALT_SIZE} bytes`);
  return value[1];
}
var jsonOf = (text2, what) => parseBytes(fromBase64url(text2), what);
function opened(text2) {
  const value = jsonOf(text2, "disclosure");
  const [salt, name2, member] = Array.isArray(value) && value.length === 3 ? value : [];
  if (typeof salt !== "string" || typeof name2 !== "string") throw new Malformed("disclosure: not [salt, member, value]");
  return { name: name2, member, digest: base64url(sha256(utf8(text2))) };
}
function hidesNothingBelow(value) {
  if (Array.isArray(value)) return value.every(hidesNothingBelow);
  if (value instanceof Map) return !HIDING.some((name2) => value.has(name2)) && [...value.values()].every(hidesNothingBelow);
  return true;
}
function readDisclosed(data, disclosures, key2, issuer, kind2, withheld) {
  const jwt = bodyContent(data);
  if (typeof jwt !== "string" || jwt.includes("~") || disclosures.length > MAX_DISCLOSURES) {
    throw new Malformed("body: not an issuer-signed JWT");
  }
  if (disclosures.some((text2) => text2.includes("~") || text2.length > MAX_DISCLOSURE)) {
    throw new Malformed("disclosure: not a disclosure's text");
  }
  const { header: header2, claims } = signedParts(jwt, key2);
  const given = disclosures.map(opened);
  const members = unpacked(claims, given, withheld);
  const algorithm = key2.algorithm === ES256 ? "ES256" : "EdDSA";
  const expected2 = header2 instanceof Map && header2.size === 2 && header2.get("alg") === algorithm && header2.get("typ") === kind2;
  if (!expected2 || members.get("iss") !== issuer) throw new Malformed("body: the SD-JWT is of another kind, or by another issuer");
  members.delete("iss");
  if (given.some(({ name: name2 }) => !members.has(name2))) throw new Malformed("disclosure: fits no digest of the body");
  return members;
}
function signedParts(jwt, key2) {
  const [head, payload, signature, ...rest] = jwt.split(".");
  if (rest.length || signature === void 0) throw new Malformed("body: not an issuer-signed JWT");
  if (!verifies(key2, fromBase64url(signature), utf8(`${head}.${payload}`), false)) {
    throw new Malformed("body: not a valid SD-JWT (InvalidJWSSignature)");
  }
  const claims = jsonOf(payload, "body");
  if (!(claims instanceof Map)) throw new Malformed("body: not an issuer-signed JWT");
  return { header: jsonOf(head, "body"), claims };
}
function unpacked(claims, given, withheld) {
  const digests = claims.get("_sd") ?? [];
  const algorithm = claims.has("_sd_alg") ? claims.get("_sd_alg") : "sha-256";
  if (algorithm !== "sha-256") throw new Malformed("body: not an SD-JWT with SHA-256");
  const members = new Map([...claims].filter(([name2]) => name2 !== "_sd" && name2 !== "_sd_alg"));
  const inTheClear = withheld.filter((name2) => claims.has(name2)).length;
  if (!Array.isArray(digests) || digests.length + inTheClear > withheld.length) {
    throw new Malformed("body: has more digests than members that may be withheld");
  }
  if (!given.every(({ name: name2 }) => withheld.includes(name2))) throw new Malformed("disclosure: of a member that may not be withheld");
  if (![...members.values(), ...given.map(({ member }) => member)].every(hidesNothingBelow)) {
    throw new Malformed("body: withholds parts of a member");
  }
  const fitting = given.filter(({ digest: digest3 }) => digests.includes(digest3));
  if (new Set(digests).size !== digests.length || new Set(given.map(({ digest: digest3 }) => digest3)).size !== given.length) {
    throw new Malformed("body: one digest twice");
  }
  for (const { name: name2, member } of fitting) {
    if (members.has(name2)) throw new Malformed("body: one member twice");
    members.set(name2, member);
  }
  return members;
}

// backend/web/verify/shape.js
function kindOf(value) {
  if (value === null) return "null";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Float) return "float";
  if (Array.isArray(value)) return "array";
  return isWhole(value) ? "int" : "object";
}
var at = (place) => place === "$" ? "" : ` - at \`${place}\``;
var expected = (kind2, value, place) => new Malformed(`Expected \`${kind2}\`, got \`${kindOf(value)}\`${at(place)}`);
var MAX_DIFFERENCE = 300;
var told = (value) => typeof value === "string" ? value : JSON.stringify(value);
function differences(names2, stated, computed) {
  const pairs = names2.map((part) => ({ part, stated: told(stated[part]), computed: told(computed[part]) }));
  const differing2 = pairs.filter((one) => one.stated !== one.computed);
  return differing2.map(({ part, ...both }) => ({ part, stated: both.stated.slice(0, MAX_DIFFERENCE), computed: both.computed.slice(0, MAX_DIFFERENCE) }));
}
function text(value, place) {
  if (typeof value !== "string") throw expected("str", value, place);
  return value;
}
function whole(value, place) {
  if (!isWhole(value)) throw expected("int", value, place);
  return value;
}
function flag(value, place) {
  if (typeof value !== "boolean") throw expected("bool", value, place);
  return value;
}
var oneOf = (...words4) => (value, place) => {
  if (!words4.includes(text(value, place))) throw new Malformed(`Invalid enum value '${value.slice(0, 40)}'${at(place)}`);
  return value;
};
var exactly = (number2) => (value, place) => {
  if (whole(value, place) !== number2) throw new Malformed(`Invalid enum value ${value}${at(place)}`);
  return value;
};
var orNull = (shape12) => (value, place) => value === null ? null : shape12(value, place);
var list = (shape12) => (value, place) => {
  if (!Array.isArray(value)) throw expected("array", value, place);
  return value.map((one, i) => shape12(one, `${place}[${i}]`));
};
var pair = (shape12) => (value, place) => {
  const found = list(shape12)(value, place);
  if (found.length !== 2) throw new Malformed(`Expected \`array\` of length 2, got ${found.length}${at(place)}`);
  return found;
};
var named = (shape12) => (value, place) => {
  if (!(value instanceof Map)) throw expected("object", value, place);
  return Object.fromEntries([...value].map(([name2, one]) => [text(name2, place), shape12(one, `${place}[...]`)]));
};
var orElse = (shape12, otherwise) => Object.assign((value, place) => shape12(value, place), { otherwise });
var struct = (required, optional2 = {}) => {
  const members = { ...required, ...optional2 };
  return (value, place = "$") => {
    if (!(value instanceof Map)) throw expected("object", value, place);
    const found = Object.fromEntries(Object.entries(members).map(([name2, shape12]) => [name2, shape12.otherwise ?? null]));
    for (const [name2, one] of value) {
      if (!Object.hasOwn(members, name2)) throw new Malformed(`Object contains unknown field \`${String(name2).slice(0, 80)}\`${at(place)}`);
      found[name2] = members[name2](one, `${place}.${name2}`);
    }
    for (const name2 of Object.keys(required)) {
      if (!value.has(name2)) throw new Malformed(`Object missing required field \`${name2}\`${at(place)}`);
    }
    return found;
  };
};
function convert(value, shape12, field) {
  try {
    return shape12(value, "$");
  } catch (error) {
    throw new Malformed(`${field}: ${error.message}`);
  }
}

// backend/web/verify/texts.js
var CANNOT_SHOW = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
var printable = (text2) => text2.replace(CANNOT_SHOW, "�");
function byCodePoint(a, b) {
  const [left, right] = [[...a], [...b]];
  const i = left.findIndex((one, at2) => one !== right[at2]);
  if (i < 0) return left.length - right.length;
  return i < right.length ? left[i].codePointAt(0) - right[i].codePointAt(0) : 1;
}
function checkPrintable(statement) {
  for (const [name2, value] of Object.entries(statement)) check(value, name2);
}
function check(value, field) {
  if (typeof value === "string" && printable(value) !== value) {
    throw new Malformed(`${field}: has a character that cannot be shown (a control character, or half of one)`);
  }
  if (Array.isArray(value)) for (const part of value) check(part, field);
  else if (value?.constructor === Object) for (const [name2, part] of Object.entries(value)) check(part, `${field}.${name2}`);
}

// backend/web/verify/classification.js
var MAX_ENTRIES = 2e3;
var MAX_TEXT = 2e3;
var MAX_SHOWN = 32;
var EDITIONS = ["HS 2007", "HS 2012", "HS 2017", "HS 2022"];
var edition = oneOf(...EDITIONS);
var shapes = {
  "living list": struct({
    title: text,
    changes: text,
    entries: list(
      struct(
        { edition, code: text, category: text, title: text, source: text },
        { ex_out: orNull(text), evidence: orNull(text) }
      )
    ),
    correlations: list(struct({ edition, code: text, later: edition, became: list(text) }))
  }),
  remark: struct({ proposal: text, kind: oneOf("comment", "objection", "refusal"), text }),
  "classification of a lot": struct({
    gtin: text,
    lot: text,
    edition,
    code: text,
    shown: list(struct({ evidence: text, document: text })),
    version: whole,
    content: text,
    categories: list(text)
  })
};
var checks = { "living list": checkList, remark: checkRemark, "classification of a lot": checkClassified };
var CLASSIFYING = Object.keys(shapes);
var [LIST, REMARK, CLASSIFIED] = CLASSIFYING;
function readClassifying(body, kind2) {
  const found = convert(bodyContent(body), shapes[kind2], "classification");
  checkPrintable(found);
  checks[kind2](found);
  return found;
}
function checkList({ title, changes, entries, correlations }) {
  said({ title, changes });
  if (entries.length < 1 || entries.length > MAX_ENTRIES || correlations.length > MAX_ENTRIES) {
    throw new Malformed(`entries: not 1 to ${MAX_ENTRIES}`);
  }
  for (const { code, category: category2, title: words4, source: source2, ex_out: exOut, evidence } of entries) {
    checkCode(code);
    said({ category: category2, words: words4, source: source2 });
    if (exOut === null !== (evidence === null)) {
      throw new Malformed("entries.evidence: an ex-out names the evidence that it asks for, and only it");
    }
    if (exOut !== null) said({ exOut, evidence });
  }
  for (const { edition: of5, code, later, became } of correlations) {
    for (const one of [code, ...became]) checkCode(one);
    if (!became.length || EDITIONS.indexOf(later) <= EDITIONS.indexOf(of5)) {
      throw new Malformed("correlations.later: leads to no code of a later edition");
    }
  }
}
function checkRemark({ proposal, text: words4 }) {
  digest(proposal, "proposal");
  said({ words: words4 });
}
function checkClassified(found) {
  found.of = lot(found.gtin, found.lot);
  checkCode(found.code);
  digest(found.content, "content");
  if (found.version < 1) throw new Malformed("version: versions count from 1");
  if (found.shown.length > MAX_SHOWN) throw new Malformed(`shown: more than ${MAX_SHOWN}`);
  for (const { evidence, document: document2 } of found.shown) said({ evidence, document: document2 });
}
function checkCode(code) {
  if (!/^(?:[0-9]{2}){1,3}$/.test(code)) throw new Malformed("code: not 2, 4 or 6 digits of the Harmonized System");
}
function said(named4) {
  for (const [field, value] of Object.entries(named4)) {
    const length = [...value.trim()].length;
    if (length < 1 || length > MAX_TEXT) throw new Malformed(`${field}: not 1 to ${MAX_TEXT} characters`);
  }
}
function categoriesOf({ entries, correlations }, { edition: of5, code, shown }) {
  const evidence = new Set(shown.map((one) => one.evidence));
  const named4 = (at2, own) => entries.filter((one) => one.edition === at2 && own.startsWith(one.code)).filter((one) => one.ex_out === null || evidence.has(one.evidence)).map(({ category: category2 }) => category2);
  const codes = /* @__PURE__ */ new Map([[`${of5} ${code}`, [of5, code]]]);
  const inOrder = [...correlations].sort((a, b) => EDITIONS.indexOf(a.edition) - EDITIONS.indexOf(b.edition));
  for (const joined of inOrder) {
    if (!codes.has(`${joined.edition} ${joined.code}`)) continue;
    for (const became of joined.became) codes.set(`${joined.later} ${became}`, [joined.later, became]);
  }
  for (const joined of correlations) codes.delete(`${joined.edition} ${joined.code}`);
  const ends = [...codes.values()].map(([at2, own]) => named4(at2, own));
  const inAll = ends[0].filter((one) => ends.every((categories) => categories.includes(one)));
  return [.../* @__PURE__ */ new Set([...named4(of5, code), ...inAll])].sort(byCodePoint);
}

// node_modules/@noble/hashes/sha3.js
var _0n7 = BigInt(0);
var _1n7 = BigInt(1);
var _2n5 = BigInt(2);
var _7n2 = BigInt(7);
var _256n = BigInt(256);
var _0x71n = BigInt(113);
var SHA3_PI = [];
var SHA3_ROTL = [];
var _SHA3_IOTA = [];
for (let round = 0, R = _1n7, x = 1, y = 0; round < 24; round++) {
  [x, y] = [y, (2 * x + 3 * y) % 5];
  SHA3_PI.push(2 * (5 * y + x));
  SHA3_ROTL.push((round + 1) * (round + 2) / 2 % 64);
  let t = _0n7;
  for (let j = 0; j < 7; j++) {
    R = (R << _1n7 ^ (R >> _7n2) * _0x71n) % _256n;
    if (R & _2n5)
      t ^= _1n7 << (_1n7 << BigInt(j)) - _1n7;
  }
  _SHA3_IOTA.push(t);
}
var IOTAS = split(_SHA3_IOTA, true);
var SHA3_IOTA_H = IOTAS[0];
var SHA3_IOTA_L = IOTAS[1];
var rotlSH = (h, l, s) => h << s | l >>> 32 - s;
var rotlSL = (h, l, s) => l << s | h >>> 32 - s;
var rotlBH = (h, l, s) => l << s - 32 | h >>> 64 - s;
var rotlBL = (h, l, s) => h << s - 32 | l >>> 64 - s;
var rotlH = (h, l, s) => s > 32 ? rotlBH(h, l, s) : rotlSH(h, l, s);
var rotlL = (h, l, s) => s > 32 ? rotlBL(h, l, s) : rotlSL(h, l, s);
var B = new Uint32Array(5 * 2);
function keccakP(s, rounds = 24) {
  if (!(s instanceof Uint32Array))
    throw new TypeError('"s" expected Uint32Array(50), got type=' + typeof s);
  if (s.length !== 50)
    throw new RangeError('"s" expected Uint32Array(50), got length=' + s.length);
  anumber(rounds, "rounds");
  if (rounds < 1 || rounds > 24)
    throw new Error('"rounds" expected integer 1..24');
  for (let round = 24 - rounds; round < 24; round++) {
    for (let x = 0; x < 10; x++)
      B[x] = s[x] ^ s[x + 10] ^ s[x + 20] ^ s[x + 30] ^ s[x + 40];
    for (let x = 0; x < 10; x += 2) {
      const idx1 = (x + 8) % 10;
      const idx0 = (x + 2) % 10;
      const B0 = B[idx0];
      const B1 = B[idx0 + 1];
      const Th = rotlH(B0, B1, 1) ^ B[idx1];
      const Tl = rotlL(B0, B1, 1) ^ B[idx1 + 1];
      for (let y = 0; y < 50; y += 10) {
        s[x + y] ^= Th;
        s[x + y + 1] ^= Tl;
      }
    }
    let curH = s[2];
    let curL = s[3];
    for (let t = 0; t < 24; t++) {
      const shift = SHA3_ROTL[t];
      const Th = rotlH(curH, curL, shift);
      const Tl = rotlL(curH, curL, shift);
      const PI = SHA3_PI[t];
      curH = s[PI];
      curL = s[PI + 1];
      s[PI] = Th;
      s[PI + 1] = Tl;
    }
    for (let y = 0; y < 50; y += 10) {
      const b0 = s[y], b1 = s[y + 1], b2 = s[y + 2], b3 = s[y + 3];
      s[y] ^= ~s[y + 2] & s[y + 4];
      s[y + 1] ^= ~s[y + 3] & s[y + 5];
      s[y + 2] ^= ~s[y + 4] & s[y + 6];
      s[y + 3] ^= ~s[y + 5] & s[y + 7];
      s[y + 4] ^= ~s[y + 6] & s[y + 8];
      s[y + 5] ^= ~s[y + 7] & s[y + 9];
      s[y + 6] ^= ~s[y + 8] & b0;
      s[y + 7] ^= ~s[y + 9] & b1;
      s[y + 8] ^= ~b0 & b2;
      s[y + 9] ^= ~b1 & b3;
    }
    s[0] ^= SHA3_IOTA_H[round];
    s[1] ^= SHA3_IOTA_L[round];
  }
  clean(B);
}
var Keccak = class _Keccak {
  state;
  pos = 0;
  posOut = 0;
  finished = false;
  state32;
  destroyed = false;
  blockLen;
  suffix;
  outputLen;
  canXOF;
  enableXOF = false;
  rounds;
  // NOTE: we accept arguments in bytes instead of bits here.
  constructor(blockLen, suffix, outputLen, enableXOF = false, rounds = 24) {
    anumber(blockLen, "blockLen");
    anumber(suffix, "suffix");
    anumber(rounds, "rounds");
    abool(enableXOF, "enableXOF");
    this.blockLen = blockLen;
    this.suffix = suffix;
    this.outputLen = outputLen;
    this.enableXOF = enableXOF;
    this.canXOF = enableXOF;
    this.rounds = rounds;
    anumber(outputLen, "outputLen");
    if (!(0 < blockLen && blockLen < 200))
      throw new Error('"blockLen" must be 1..199');
    this.state = new Uint8Array(200);
    this.state32 = u32(this.state);
  }
  clone() {
    return this._cloneInto();
  }
  keccak() {
    swap32IfBE(this.state32);
    keccakP(this.state32, this.rounds);
    swap32IfBE(this.state32);
    this.posOut = 0;
    this.pos = 0;
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { blockLen, state: state2, state32 } = this;
    const len = data.length;
    const canUseU32 = blockLen % 4 === 0 && data.byteOffset % 4 === 0;
    const blockLen32 = blockLen / 4;
    const data32 = canUseU32 && len >= blockLen ? u32(data) : void 0;
    for (let pos = 0; pos < len; ) {
      if (data32 !== void 0 && this.pos === 0 && pos % 4 === 0 && len - pos >= blockLen) {
        for (let i = 0, o = pos / 4; i < blockLen32; i++)
          state32[i] ^= data32[o + i];
        pos += blockLen;
        this.pos = blockLen;
        this.keccak();
        continue;
      }
      const take = Math.min(blockLen - this.pos, len - pos);
      for (let i = 0; i < take; i++)
        state2[this.pos++] ^= data[pos++];
      if (this.pos === blockLen)
        this.keccak();
    }
    return this;
  }
  finish() {
    if (this.finished)
      return;
    this.finished = true;
    const { state: state2, suffix, pos, blockLen } = this;
    state2[pos] ^= suffix;
    if ((suffix & 128) !== 0 && pos === blockLen - 1)
      this.keccak();
    state2[blockLen - 1] ^= 128;
    this.keccak();
  }
  writeInto(out) {
    aexists(this, false);
    abytes(out);
    this.finish();
    const bufferOut = this.state;
    const { blockLen } = this;
    for (let pos = 0, len = out.length; pos < len; ) {
      if (this.posOut >= blockLen)
        this.keccak();
      const take = Math.min(blockLen - this.posOut, len - pos);
      out.set(bufferOut.subarray(this.posOut, this.posOut + take), pos);
      this.posOut += take;
      pos += take;
    }
    return out;
  }
  xofInto(out) {
    if (!this.enableXOF)
      throw new Error("XOF is not enabled");
    return this.writeInto(out);
  }
  xof(bytes) {
    anumber(bytes);
    return this.xofInto(new Uint8Array(bytes));
  }
  digestInto(out) {
    aoutput(out, this);
    if (this.finished)
      throw new Error("digest() was already called");
    this.writeInto(out.length === this.outputLen ? out : out.subarray(0, this.outputLen));
    this.destroy();
  }
  digest() {
    const out = new Uint8Array(this.outputLen);
    this.digestInto(out);
    return out;
  }
  destroy() {
    this.destroyed = true;
    clean(this.state);
  }
  _cloneInto(to) {
    const { blockLen, suffix, outputLen, rounds, enableXOF } = this;
    to ||= new _Keccak(blockLen, suffix, outputLen, enableXOF, rounds);
    to.blockLen = blockLen;
    to.state32.set(this.state32);
    to.pos = this.pos;
    to.posOut = this.posOut;
    to.finished = this.finished;
    to.rounds = rounds;
    to.suffix = suffix;
    to.outputLen = outputLen;
    to.enableXOF = enableXOF;
    to.canXOF = this.canXOF;
    to.destroyed = this.destroyed;
    return to;
  }
};
var genKeccak = (suffix, blockLen, outputLen, info = {}) => createHasher(() => new Keccak(blockLen, suffix, outputLen), info);
var keccak_256 = /* @__PURE__ */ genKeccak(1, 136, 32);

// backend/web/verify/node.js
var TIMEOUT = 15e3;
var PATIENCE = 6e4;
var MAX_ANSWER = 16 << 20;
var MAX_QUESTIONS = 200;
var MAX_BATCH = 100;
var Unreachable = class extends Error {
  constructor(message = "the chain node does not answer this device") {
    super(message);
  }
};
var Refused = class extends Unreachable {
};
var Node = class {
  #url;
  #end = performance.now() + PATIENCE;
  #questions = 0;
  constructor(url) {
    this.#url = url;
  }
  async call(method, ...params) {
    return result(await this.#send({ jsonrpc: "2.0", id: 0, method, params }));
  }
  // The results of many calls of one method, in their order.
  async callMany(method, calls) {
    const results = [];
    for (let start = 0; start < calls.length; start += MAX_BATCH) {
      const part = calls.slice(start, start + MAX_BATCH);
      const answers = await this.#send(part.map((params, id) => ({ jsonrpc: "2.0", id, method, params })));
      if (!Array.isArray(answers)) throw new Unreachable();
      results.push(...part.map((_, id) => result(answers.find((answer) => answer?.id === id))));
    }
    return results;
  }
  async #send(question) {
    const left = this.#end - performance.now();
    this.#questions += 1;
    if (left <= 0 || this.#questions > MAX_QUESTIONS) throw new Unreachable();
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(question),
        credentials: "omit",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(Math.min(TIMEOUT, left))
      });
      return JSON.parse(await bounded(response));
    } catch {
      throw new Unreachable();
    }
  }
};
function result(answer) {
  if (answer?.error) throw new Refused();
  if (answer?.result === void 0) throw new Unreachable();
  return answer.result;
}
async function bounded(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text2 = "";
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text2 + decoder.decode();
    size += value.length;
    if (size > MAX_ANSWER) {
      await reader.cancel();
      throw new Unreachable();
    }
    text2 += decoder.decode(value, { stream: true });
  }
}
function quantity(value, field) {
  const found = typeof value === "string" && /^0x(?:0|[1-9a-f][0-9a-f]{0,15})$/i.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(found)) throw new Malformed(`${field}: not a hexadecimal quantity`);
  return found;
}

// backend/web/verify/events.js
var EVENTS = new Map(
  [
    ["Opened(bytes32,address,string)", 2],
    ["Extended(bytes32,uint64,bytes32)", 2],
    ["OperatorAdmitted(address,string)", 1],
    ["OperatorRemoved(address)", 1],
    ["RegistrarAccredited(address,string)", 1],
    ["RegistrarWithdrawn(address)", 1],
    ["KeyRegistered(bytes32,address,uint8,bytes32,string,bytes,bytes)", 2],
    ["KeyAttested(bytes32,address,address,bytes32)", 3],
    ["AttestationWithdrawn(bytes32,address,address)", 3],
    ["KeyRetired(bytes32,address,uint64,uint64)", 2],
    ["KeyCompromised(bytes32,address)", 2],
    ["LotMinted(bytes32,address,bytes32,uint8)", 2],
    ["RecordSet(bytes32,uint32,bytes32,bytes32,uint64)", 2],
    ["Consumed(bytes32,bytes32,address,uint256)", 3],
    ["RegistryAdmitted(bytes32,string)", 1],
    ["RegistryRemoved(bytes32)", 1],
    ["RegistrarAppointed(bytes32,address)", 2],
    ["RegistrarDismissed(bytes32,address)", 2],
    ["Claimed(bytes32,bytes32,address,uint128,uint128,bytes32)", 3],
    ["FootprintNamed(bytes32,bytes32,uint32,uint128,bytes32)", 3],
    ["Attested(bytes32,bytes32,address,uint128,bytes32)", 3],
    ["Rejected(bytes32,bytes32,address,uint128,bytes32)", 3],
    ["SchemeAdmitted(bytes32,address,string)", 2],
    ["SchemeRemoved(bytes32)", 1],
    ["SchemeTransferred(bytes32,address,address)", 3],
    ["SchemePublished(bytes32,uint32,bytes32)", 2],
    ["CertifierAccredited(bytes32,address,uint64,uint64,bytes32)", 2],
    ["AccreditationWithdrawn(bytes32,address)", 2],
    ["LabelIssued(bytes32,bytes32,address,bytes32,bytes32,uint32,uint64,uint64)", 3],
    ["LabelSuspended(bytes32,address,bytes32)", 2],
    ["LabelResumed(bytes32,address)", 2],
    ["LabelRevoked(bytes32,address,bytes32)", 2],
    ["MarketAdmitted(bytes32,address,string)", 2],
    ["Recognised(bytes32,bytes32,bytes32,uint8,uint64,uint64,bytes32)", 3],
    ["RecognitionWithdrawn(bytes32,bytes32,bytes32)", 3],
    ["Proposed(bytes32,address)", 2],
    ["Refused(bytes32,bytes32)", 1],
    ["Adopted(uint32,bytes32,uint64)", 2]
  ].map(([signature, indexed]) => {
    const [name2, types] = signature.slice(0, -1).split("(");
    return [name2, { name: name2, topic: "0x" + hex(keccak_256(utf8(signature))), types: types.split(","), indexed }];
  })
);
var topic = (name2) => EVENTS.get(name2).topic;
function decodeEvent(raw, address, names2) {
  const block = quantity(raw?.blockNumber, "log.blockNumber");
  const index = quantity(raw.logIndex, "log.logIndex");
  const where = `event in transaction 0x${hex(fromHex(raw.transactionHash))} log ${index}`;
  try {
    if (hex(fromHex(raw.address)) !== address.slice(2)) throw new Malformed("address: not one of the trusted contracts");
    if (raw.removed) throw new Malformed("removed: the block of this log is no longer part of the chain");
    const [first, ...topics] = Array.isArray(raw.topics) ? raw.topics.map(fromHex) : [];
    const event = names2.map((name2) => EVENTS.get(name2)).find((one) => first && one.topic === "0x" + hex(first));
    if (!event) throw new Malformed("topics: not an event that was asked for");
    if (topics.length !== event.indexed || topics.some((word3) => word3.length !== 32)) {
      throw new Malformed(`topics: ${topics.length} values are indexed, not ${event.indexed}`);
    }
    const indexed = topics.map((word3, i) => single(event.types[i], word3));
    const values2 = [...indexed, ...inData(event.types.slice(event.indexed), fromHex(raw.data))];
    return { name: event.name, block, blockHash: hex(fromHex(raw.blockHash)), index, where, values: values2 };
  } catch (error) {
    throw new Malformed(`${where}: ${error instanceof Malformed ? error.message : "cannot be read"}`);
  }
}
function single(type, word3) {
  if (type === "bytes32") return hex(word3);
  const value = number(word3);
  const bits = type === "address" ? 160 : Number(type.slice("uint".length));
  if (value >> BigInt(bits)) throw new Malformed(`topics: a number has more than ${bits} bits`);
  return type === "address" ? hex(word3.subarray(12)) : value;
}
function inData(types, data) {
  let tail = 32 * types.length;
  const at2 = (place) => {
    if (place + 32 > data.length) throw new Malformed("data: not what the ABI gives");
    return data.subarray(place, place + 32);
  };
  const values2 = types.map((type, i) => {
    if (type !== "string" && type !== "bytes") return single(type, at2(32 * i));
    if (number(at2(32 * i)) !== BigInt(tail)) throw new Malformed("data: not in canonical encoding");
    const length = number(at2(tail));
    if (length > data.length) throw new Malformed("data: not what the ABI gives");
    const start = tail + 32;
    const end = start + Number(length);
    tail = start + 32 * Math.ceil(Number(length) / 32);
    if (tail > data.length || data.subarray(end, tail).some((byte) => byte)) throw new Malformed("data: not in canonical encoding");
    const bytes = data.slice(start, end);
    return type === "string" ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : bytes;
  });
  if (tail !== data.length) throw new Malformed("data: not in canonical encoding");
  return values2;
}

// backend/web/verify/listed.js
var ADOPTION_GRACE = 3600;
function require3(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise);
}
var ListVersions = class {
  versions = [];
  #proposals = /* @__PURE__ */ new Set();
  // The version in force at a moment; undefined before the first.
  inForce(moment) {
    return this.versions.filter(({ from }) => from <= moment).at(-1);
  }
  // The versions by which a lot may be classified at a moment: the one in force, and any before it whose next one was
  // adopted less than `ADOPTION_GRACE` ago.
  standing(moment) {
    const end = (later) => later ? Math.max(later.from, later.time + ADOPTION_GRACE) : Infinity;
    return this.versions.filter(({ from }, i) => from <= moment && moment < end(this.versions[i + 1]));
  }
  proposed(_, content) {
    require3(!this.#proposals.has(content), "the content was proposed before");
    require3(this.versions.every((one) => one.content !== content), "the content was adopted before");
    this.#proposals.add(content);
  }
  refused(_, content) {
    require3(this.#proposals.delete(content), "the content was never proposed");
  }
  adopted(moment, version, content, inForceFrom) {
    require3(this.#proposals.delete(content), "the content was never proposed");
    require3(Number(version) === this.versions.length + 1, "a version of the list was left out");
    const [from, last] = [Number(inForceFrom), this.versions.at(-1)];
    require3(from >= moment.time && (!last || from > last.from), "in force before it may be");
    this.versions.push({ version: Number(version), content, from, time: moment.time });
  }
};
var of2 = ListVersions.prototype;
var LIST_HANDLERS = { Proposed: of2.proposed, Refused: of2.refused, Adopted: of2.adopted };
var LIST_EVENTS = Object.keys(LIST_HANDLERS);

// backend/web/verify/labelled.js
function require4(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise);
}
var bytesOf = (digits2) => fromHex("0x" + digits2);
var Labels = class {
  schemes = /* @__PURE__ */ new Map();
  markets = /* @__PURE__ */ new Map();
  labels = /* @__PURE__ */ new Map();
  accreditations = [];
  recognitions = [];
  #scheme(id, inForce = true) {
    const scheme = this.schemes.get(id);
    require4(scheme, "the scheme was never admitted");
    require4(!inForce || !scheme.removed, "the scheme was removed before");
    return scheme;
  }
  schemeAdmitted(_, id, owner, name2) {
    const known2 = this.schemes.get(id);
    require4(!known2 || known2.removed, "the scheme was admitted before");
    require4(!known2 || known2.owner === owner, "the scheme is another's");
    this.schemes.set(id, { id, owner, name: name2, published: known2?.published ?? [], removed: false });
  }
  schemeRemoved(_, id) {
    this.#scheme(id).removed = true;
  }
  transferred(_, id, previous, owner) {
    const scheme = this.#scheme(id, false);
    require4(scheme.owner === previous, "the scheme was another's");
    scheme.owner = owner;
  }
  published(_, id, version, content) {
    const { published: published4 } = this.#scheme(id);
    require4(Number(version) === published4.length + 1, "a version of the scheme was left out");
    published4.push(content);
  }
  #held = (scheme, certifier) => this.accreditations.find((one) => one.scheme === scheme && one.certifier === certifier && !one.ended);
  accredited(moment, scheme, certifier, start, until, scope2) {
    this.#scheme(scheme);
    const before2 = this.#held(scheme, certifier);
    if (before2) before2.ended = moment;
    this.accreditations.push({ scheme, certifier, start: Number(start), until: Number(until), scope: scope2, moment, ended: null });
  }
  withdrawn(moment, scheme, certifier) {
    const held = this.#held(scheme, certifier);
    require4(held, "the certifier was not accredited");
    held.ended = moment;
  }
  issued(moment, id, subject2, certifier, schemeId, statement, version, start, until) {
    const named4 = hex(keccak_256(concat2(new Uint8Array(12), bytesOf(certifier), bytesOf(statement))));
    require4(named4 === id, "the label's id is not the hash of certifier and statement");
    require4(!this.labels.has(id), "the label was issued before");
    const scheme = this.#scheme(schemeId);
    require4(version > 0n && Number(version) === scheme.published.length, "not the scheme's newest version");
    const held = this.#held(schemeId, certifier);
    require4(held, "the certifier was not accredited");
    require4(held.start <= moment.time && moment.time < held.until, "the certifier was not accredited then");
    this.labels.set(id, {
      id,
      subject: subject2,
      certifier,
      scheme: schemeId,
      statement,
      version: Number(version),
      start: Number(start),
      until: Number(until),
      issued: moment,
      changes: []
    });
  }
  #change(moment, id, by, status2, before2, reason = "") {
    const label = this.labels.get(id);
    require4(label, "the label was never issued");
    const now = label.changes.at(-1)?.status ?? "valid";
    require4(before2.includes(now), `a label that is ${now} does not become so`);
    require4([label.certifier, this.#scheme(label.scheme, false).owner].includes(by), "neither certifier nor owner of the scheme");
    label.changes.push({ status: status2, by, reason, moment });
  }
  suspended(moment, id, by, reason) {
    this.#change(moment, id, by, "suspended", ["valid"], reason);
  }
  resumed(moment, id, by) {
    this.#change(moment, id, by, "valid", ["suspended"]);
  }
  revoked(moment, id, by, reason) {
    this.#change(moment, id, by, "revoked", ["valid", "suspended"], reason);
  }
  marketAdmitted(_, id, authority, name2) {
    this.markets.set(id, { id, authority, name: name2 });
  }
  #said = (market, scheme, category2) => this.recognitions.find((one) => one.market === market && one.scheme === scheme && one.category === category2 && !one.ended);
  recognised(moment, market, scheme, category2, accepted, start, until, agreement) {
    require4(this.markets.has(market), "the market was never admitted");
    this.#scheme(scheme);
    const before2 = this.#said(market, scheme, category2);
    if (before2) before2.ended = moment;
    const [bits, from, to] = [accepted, start, until].map(Number);
    this.recognitions.push({ market, scheme, category: category2, accepted: bits, start: from, until: to, agreement, moment, ended: null });
  }
  notRecognised(moment, market, scheme, category2) {
    const said3 = this.#said(market, scheme, category2);
    require4(said3, "the scheme was not recognised");
    said3.ended = moment;
  }
};
var of3 = Labels.prototype;
var LABEL_HANDLERS = {
  SchemeAdmitted: of3.schemeAdmitted,
  SchemeRemoved: of3.schemeRemoved,
  SchemeTransferred: of3.transferred,
  SchemePublished: of3.published,
  CertifierAccredited: of3.accredited,
  AccreditationWithdrawn: of3.withdrawn,
  LabelIssued: of3.issued,
  LabelSuspended: of3.suspended,
  LabelResumed: of3.resumed,
  LabelRevoked: of3.revoked,
  MarketAdmitted: of3.marketAdmitted,
  Recognised: of3.recognised,
  RecognitionWithdrawn: of3.notRecognised
};
var CHANGE_EVENTS = ["LabelSuspended", "LabelResumed", "LabelRevoked"];
var SCHEME_EVENTS = [
  "SchemeAdmitted",
  "SchemeRemoved",
  "SchemeTransferred",
  "SchemePublished",
  "CertifierAccredited",
  "AccreditationWithdrawn",
  "MarketAdmitted",
  "Recognised",
  "RecognitionWithdrawn"
];

// backend/web/verify/record.js
var record_exports = {};
__export(record_exports, {
  JWT_TYPE: () => JWT_TYPE,
  MODES: () => MODES,
  SHARES: () => SHARES,
  WITHHELD: () => WITHHELD,
  amountOf: () => amountOf,
  estimatedPercent: () => estimatedPercent,
  mostlyEstimated: () => mostlyEstimated,
  namedOf: () => namedOf,
  parentOf: () => parentOf,
  productMass: () => productMass,
  readRecord: () => readRecord,
  sharesFor: () => sharesFor,
  simulatedOf: () => simulatedOf
});

// backend/web/verify/rational.js
var MAX_DIGITS2 = 40;
function gcd(a, b) {
  while (b) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}
var Fraction = class _Fraction {
  constructor(numerator, denominator = 1n) {
    const common = gcd(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    this.numerator = numerator / common;
    this.denominator = denominator / common;
  }
  plus(other) {
    return new _Fraction(this.numerator * other.denominator + other.numerator * this.denominator, this.denominator * other.denominator);
  }
  minus(other) {
    return this.plus(new _Fraction(-other.numerator, other.denominator));
  }
  times(other) {
    return new _Fraction(this.numerator * other.numerator, this.denominator * other.denominator);
  }
  over(other) {
    return new _Fraction(this.numerator * other.denominator, this.denominator * other.numerator);
  }
  // Below, at or above `other`: -1, 0 or 1.
  compare(other) {
    const difference = this.minus(other).numerator;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  magnitude() {
    return this.numerator < 0n ? ZERO.minus(this) : this;
  }
  floor() {
    const cut = this.numerator / this.denominator;
    return cut * this.denominator > this.numerator ? cut - 1n : cut;
  }
  // Half to even.
  round() {
    const floor = this.floor();
    const above = this.minus(new _Fraction(floor)).compare(HALF);
    return above > 0 || above === 0 && floor % 2n ? floor + 1n : floor;
  }
};
var ZERO = new Fraction(0n);
var HALF = new Fraction(1n, 2n);
var sum = (parts) => parts.reduce((total, part) => total.plus(part), ZERO);
function decimal(text2, field) {
  const found = /^([+-]?)([0-9]+)(?:\.([0-9]*))?$/.exec(text2);
  const [, sign, whole3, fraction = ""] = found ?? [];
  if (!found || whole3.length + fraction.length > MAX_DIGITS2) {
    throw new Malformed(`${field}: '${text2.slice(0, 50)}' is not a plain decimal number of at most ${MAX_DIGITS2} digits`);
  }
  const digits2 = BigInt(whole3 + fraction);
  return new Fraction(sign === "-" ? -digits2 : digits2, 10n ** BigInt(fraction.length));
}
function published(steps, places) {
  const digits2 = String(steps < 0n ? -steps : steps).padStart(places + 1, "0");
  if (digits2.length > MAX_DIGITS2) throw new Malformed(`a result has more than ${MAX_DIGITS2} digits`);
  return `${steps < 0n ? "-" : ""}${digits2.slice(0, -places)}.${digits2.slice(-places)}`;
}
var stepsOf = (value, places) => value.times(new Fraction(10n ** BigInt(places)));
var rounded = (value, places) => published(stepsOf(value, places).round(), places);
function exactText(value) {
  for (let places = 0; places < MAX_DIGITS2; places += 1) {
    const steps = stepsOf(value, places);
    if (steps.denominator === 1n) return places ? published(steps.numerator, places) : String(steps.numerator);
  }
  throw new Malformed(`no exact decimal of ${MAX_DIGITS2} digits`);
}
function plain2(larger, smaller) {
  const places = Math.max(...[larger, smaller].map((text2) => (text2.split(".")[1] ?? "").length));
  const steps = stepsOf(decimal(larger, "number").minus(decimal(smaller, "number")), places).round();
  return places ? published(steps, places) : String(steps);
}
function apportioned(parts, places) {
  const steps = parts.map((part) => stepsOf(part, places));
  const floors = steps.map((step2) => step2.floor());
  const total = sum(steps).round();
  const missing = Number(total - floors.reduce((a, b) => a + b, 0n));
  const remainder = steps.map((step2, i) => step2.minus(new Fraction(floors[i])));
  const order = parts.map((_, i) => i).sort((a, b) => remainder[b].compare(remainder[a]) || a - b);
  for (const i of order.slice(0, missing)) floors[i] += 1n;
  return { parts: floors.map((steps2) => published(steps2, places)), total: parts.length ? published(total, places) : "0" };
}

// backend/web/verify/units.js
var UNITS = /* @__PURE__ */ new Map([
  ["Wh", ["energy", new Fraction(1n)]],
  ["kWh", ["energy", new Fraction(1000n)]],
  ["MWh", ["energy", new Fraction(10n ** 6n)]],
  ["GWh", ["energy", new Fraction(10n ** 9n)]],
  ["J", ["energy", new Fraction(1n, 3600n)]],
  ["kJ", ["energy", new Fraction(1000n, 3600n)]],
  ["MJ", ["energy", new Fraction(10n ** 6n, 3600n)]],
  ["GJ", ["energy", new Fraction(10n ** 9n, 3600n)]],
  ["TJ", ["energy", new Fraction(10n ** 12n, 3600n)]],
  ["mg", ["mass", new Fraction(1n, 1000n)]],
  ["g", ["mass", new Fraction(1n)]],
  ["kg", ["mass", new Fraction(1000n)]],
  ["t", ["mass", new Fraction(10n ** 6n)]],
  ["m3", ["volume", new Fraction(1n)]],
  ["l", ["volume", new Fraction(1n, 1000n)]],
  ["Nm3", ["gas volume", new Fraction(1n)]],
  ["Sm3", ["gas volume", new Fraction(27315n, 28815n)]],
  ["m3@20C", ["gas volume", new Fraction(27315n, 29315n)]],
  ["varh", ["reactive energy", new Fraction(1n)]],
  ["kvarh", ["reactive energy", new Fraction(1000n)]],
  ["W", ["power", new Fraction(1n)]],
  ["kW", ["power", new Fraction(1000n)]],
  ["/", ["count", new Fraction(1n)]],
  ["/100", ["count", new Fraction(1n, 100n)]],
  ["ppm", ["count", new Fraction(1n, 10n ** 6n)]]
]);
function known(unit) {
  const found = UNITS.get(unit);
  if (found) return found;
  const [above, below] = ratio(unit).map((part) => UNITS.get(part));
  if (!above || !below) {
    throw new Malformed(`unit: unknown unit '${unit.slice(0, 20)}'; known: ${[...UNITS.keys()].join(", ")}, and two with / between`);
  }
  return [above[0] === below[0] ? "count" : `${above[0]}/${below[0]}`, above[1].over(below[1])];
}
function ratio(unit) {
  const slash = unit.indexOf("/");
  if (UNITS.has(unit) || slash < 1 || slash === unit.length - 1) return ["", ""];
  return [unit.slice(0, slash), unit.slice(slash + 1)];
}
var dimension = (unit) => known(unit)[0];
function scale(source2, target) {
  const [from, numerator] = known(source2);
  const [to, denominator] = known(target);
  if (from !== to) throw new Malformed(`unit: ${source2} (${from}) is no ${target} (${to})`);
  return numerator.over(denominator);
}
function quantity2(text2, unit, field = "quantity") {
  const value = decimal(text2, field);
  known(unit);
  return { value, to: (target) => value.times(scale(unit, target)) };
}

// backend/web/verify/record.js
var WITHHELD = ["outputs", "inputs", "activity"];
var JWT_TYPE = "leafproof-batch-record+sd-jwt";
var SHARES = 10n ** 18n;
var MAX_LINES = 512;
var MAX_WEIGHINGS = 200;
var MAX_SEGMENTS = 200;
var weighing = struct({ gateway: text, point: text, time: text }, { tare: orNull(text), frames: list(whole) });
var source = struct(
  { kind: oneOf("weighed", "document", "declared") },
  { reference: orNull(text), weighings: list(weighing) }
);
var output = struct({
  role: oneOf("product", "co-product", "waste", "rework"),
  name: text,
  quantity: text,
  unit: text,
  source
});
var input = struct(
  { name: text, quantity: text, unit: text, source },
  { gtin: orNull(text), lot: orNull(text), operator: orNull(text), footprint: orNull(text), material: orNull(text) }
);
var MODES = ["live", "recorded", "simulated"];
var mode = oneOf(...MODES);
var estimated = struct({ method: oneOf("neighbours"), intervals: whole, quantity: text, spans: list(pair(text)) });
var activity = struct(
  {
    point: text,
    carrier: text,
    quantity: text,
    unit: text,
    intervals: whole,
    split: whole,
    gaps: list(pair(text)),
    first_index: whole,
    last_index: whole
  },
  {
    basis: orNull(oneOf("net", "gross")),
    implausible: orElse(whole, 0n),
    frozen: orElse(whole, 0n),
    estimated: orNull(estimated),
    mode: orNull(mode)
  }
);
var segment = struct({ line: text, start: text, end: text });
var run = struct({ id: text, line: text, opened: text, closed: text }, { segments: list(segment) });
var shape = struct(
  {
    gtin: text,
    lot: text,
    product: text,
    facility: text,
    zone: text,
    run,
    plan: text,
    mode
  },
  {
    supersedes: orNull(text),
    outputs: orNull(list(output)),
    inputs: orNull(list(input)),
    activity: orNull(list(activity))
  }
);
var amountOf = (line4) => quantity2(line4.quantity, line4.unit);
var namedOf = (line4) => line4.gtin && line4.lot ? lot(line4.gtin, line4.lot) : null;
var parentOf = (line4) => line4.material !== null && line4.footprint === null ? null : namedOf(line4);
function readRecord(members) {
  const record = convert(members, shape, "batch record");
  checkPrintable(record);
  record.of = lot(record.gtin, record.lot);
  record.window = window(record.run);
  gln(record.facility, "facility");
  checkZone(record.zone);
  digest(record.plan, "plan");
  const metered = (record.activity ?? []).map(({ point: point2 }) => point2);
  if (new Set(metered).size !== metered.length) throw new Malformed("activity: one metering point is given twice");
  if ((record.activity ?? []).some(({ implausible, frozen }) => implausible < 0 || frozen < 0)) {
    throw new Malformed("activity.implausible: fewer than none");
  }
  if ((record.activity ?? []).some((one) => MODES.indexOf(one.mode) > MODES.indexOf(record.mode))) {
    throw new Malformed(`mode: ${record.mode}, and a metering point's is weaker`);
  }
  for (const one of record.activity ?? []) if (one.estimated) checkEstimated(one, record.window);
  for (const lines of [record.outputs ?? [], record.inputs ?? []]) checkLines(lines);
  checkWeighings([...record.outputs ?? [], ...record.inputs ?? []]);
  if (record.outputs && productMass(record).compare(ZERO) <= 0) throw new Malformed("outputs: no product with a mass");
  for (const line4 of record.inputs ?? []) {
    if (namedOf(line4) === null && line4.material === null) {
      throw new Malformed(`inputs: ${line4.name}: either a lot (gtin, lot) or a material is needed`);
    }
  }
  return record;
}
function checkEstimated({ quantity: metered, estimated: estimated2 }, [opened2, closed]) {
  const more = decimal(estimated2.quantity, "estimated.quantity");
  const windows = estimated2.spans.map((span) => span.map((time) => utcSeconds(time, "estimated.spans")));
  const behind = ([a, b], i) => !i || windows[i - 1][0] < a || windows[i - 1][0] === a && windows[i - 1][1] < b;
  if (!windows.every(([a, b], i) => opened2 <= a && a < b && b <= closed && behind([a, b], i))) {
    throw new Malformed("estimated.spans: not in order of time, or not of the run");
  }
  if (!windows.length || windows.length > estimated2.intervals) {
    throw new Malformed(`estimated.intervals: ${estimated2.intervals} intervals in ${windows.length} spans`);
  }
  if (decimal(metered, "activity").compare(ZERO) > 0 && more.compare(ZERO) < 0) {
    throw new Malformed(`estimated.quantity: ${estimated2.quantity} beside ${metered}, metered`);
  }
  estimated2.windows = windows;
}
function simulatedOf(record) {
  const activity2 = record.activity ?? [];
  if (record.mode !== "simulated" || activity2.some((one) => one.mode === null)) return [];
  return [...new Set(activity2.filter((one) => one.mode === "simulated").map(({ carrier: carrier2 }) => carrier2))];
}
var magnitudes = ({ quantity: metered, estimated: { quantity: more } }) => [metered, more].map((text2) => decimal(text2, "activity").magnitude());
function mostlyEstimated(activity2) {
  if (!activity2.estimated) return false;
  const [metered, part] = magnitudes(activity2);
  return part.compare(metered) > 0;
}
function estimatedPercent(activity2) {
  const [metered, part] = magnitudes(activity2);
  const all = metered.plus(part);
  return rounded(all.compare(ZERO) > 0 ? part.over(all).times(new Fraction(100n)) : ZERO, 2);
}
function window(run3) {
  const { opened: opened2, closed } = run3;
  const [start, end] = [utcSeconds(opened2, "opened"), utcSeconds(closed, "closed")];
  if (end <= start) throw new Malformed(`closed: the run closes at ${closed}, not after it opens at ${opened2}`);
  checkSegments(run3, start);
  return [start, end];
}
function checkSegments({ line: line4, opened: opened2, closed, segments }, start) {
  if (!segments?.length) return;
  let before2 = start;
  for (const one of segments) {
    const [left, right] = [utcSeconds(one.start, "segments.start"), utcSeconds(one.end, "segments.end")];
    if (left < before2 || right <= left) throw new Malformed(`segments: ${one.line} from ${one.start}: not behind the one before, or empty`);
    before2 = right;
  }
  const [first, last] = [segments[0], segments.at(-1)];
  if (first.line !== line4 || first.start !== opened2 || last.end !== closed) {
    throw new Malformed("segments: they do not reach from the run's opening on its line to its close");
  }
  if (segments.length > MAX_SEGMENTS) throw new Malformed(`segments: more than ${MAX_SEGMENTS}`);
}
function checkLines(lines) {
  if (lines.length > MAX_LINES) throw new Malformed(`record: more than ${MAX_LINES} lines of one kind`);
  for (const line4 of lines) {
    if (amountOf(line4).value.compare(ZERO) <= 0) {
      throw new Malformed(`quantity: ${line4.name}: ${line4.quantity} ${line4.unit} is not positive`);
    }
  }
}
function checkWeighings(lines) {
  const known2 = /* @__PURE__ */ new Set();
  for (const { source: source2 } of lines) {
    source2.weighings ??= [];
    const count = source2.weighings.length;
    if (source2.kind === "weighed" !== count > 0 || count > MAX_WEIGHINGS) {
      throw new Malformed(`weighings: 1 to ${MAX_WEIGHINGS} belong to what was weighed, none to the rest`);
    }
    for (const { gateway, point: point2, time, tare, frames } of source2.weighings) {
      digest(gateway, "weighings.gateway");
      pointName(point2);
      const full = utcSeconds(time, "weighings.time");
      if (tare !== null && utcSeconds(tare, "weighings.tare") === full) {
        throw new Malformed(`weighings.tare: ${point2}: full and empty at one moment`);
      }
      if ((frames ?? []).length > 2 || (frames ?? []).some((index) => index < 0 || index >= 2n ** 63n)) {
        throw new Malformed("weighings.frames: not one or two places in a log");
      }
      known2.add(`${gateway} ${point2} ${time}`);
    }
  }
  const all = lines.flatMap(({ source: source2 }) => source2.weighings);
  if (known2.size !== all.length) throw new Malformed("weighings: one weighing is given for two lines");
}
var productMass = (record) => sum((record.outputs ?? []).filter(({ role }) => role === "product" || role === "co-product").map((line4) => amountOf(line4).to("t")));
function sharesFor(part, whole3) {
  if (part.compare(ZERO) <= 0 || part.compare(whole3) > 0) throw new Malformed("quantity: more than the lot holds");
  return SHARES * part.numerator * whole3.denominator / (part.denominator * whole3.numerator);
}

// backend/web/verify/fold.js
var [ISSUER, GATEWAY2] = [0, 1];
var ROLES = 3;
var CUSTODIES = 6n;
var bytesOf2 = (digits2) => fromHex("0x" + digits2);
var lotId = (operator, lot2) => lotIdOf(operator, keccak_256(utf8(lot2)));
var lotIdOf = (operator, lotHash) => hex(keccak_256(concat2(new Uint8Array(12), bytesOf2(operator), lotHash)));
function require5(condition, otherwise) {
  if (!condition) throw new Malformed(otherwise);
}
var before = (moment, other) => moment.block < other.block || moment.block === other.block && moment.index < other.index;
var ChainState = class {
  operators = /* @__PURE__ */ new Map();
  // by address, a list of admissions, of which all but the last have ended
  registrars = /* @__PURE__ */ new Map();
  keys = /* @__PURE__ */ new Map();
  // by key id, of whoever proved it first
  unproven = /* @__PURE__ */ new Set();
  lots = /* @__PURE__ */ new Map();
  labelling = new Labels();
  list = new ListVersions();
  #claims = new Claims();
  #registered = /* @__PURE__ */ new Map();
  // by operator and key id
  #trust;
  constructor(trust2) {
    this.#trust = trust2;
  }
  async take(events, pause) {
    let last = { block: -1, index: -1 };
    for (const event of events) {
      try {
        require5(before(last, event), "comes twice, or out of order");
        if (event.name in CLAIM_HANDLERS) CLAIM_HANDLERS[event.name].apply(this.#claims, event.values);
        else if (event.name in LABEL_HANDLERS) LABEL_HANDLERS[event.name].call(this.labelling, event, ...event.values);
        else if (event.name in LIST_HANDLERS) LIST_HANDLERS[event.name].call(this.list, event, ...event.values);
        else HANDLERS[event.name].call(this, event, ...event.values);
      } catch (error) {
        throw new Malformed(`${event.where}: ${error.message}`);
      }
      last = event;
      await pause();
    }
  }
  idOf(operator, lot2) {
    return lotId(operator, lot2);
  }
  get claims() {
    return this.#claims.all;
  }
  #isOperator(address) {
    return this.operators.get(address)?.at(-1).removed === null;
  }
  #key(operator, keyId) {
    const key2 = this.#registered.get(operator + keyId);
    require5(key2, "the key was never registered");
    return key2;
  }
  #lot(id) {
    require5(this.lots.has(id), "the lot was never minted");
    return this.lots.get(id);
  }
  admitted(event, operator, identifier) {
    require5(!this.#isOperator(operator), "the operator was admitted before");
    const earlier = this.operators.get(operator) ?? [];
    this.operators.set(operator, [...earlier, { identifier, admitted: event, removed: null }]);
  }
  removed(event, operator) {
    require5(this.#isOperator(operator), "no such operator was admitted");
    this.operators.get(operator).at(-1).removed = event;
  }
  accredited(_, registrar, name2) {
    require5(!this.registrars.has(registrar), "the registrar was accredited before");
    this.registrars.set(registrar, name2);
  }
  withdrawn(_, registrar) {
    require5(this.registrars.delete(registrar), "no such registrar was accredited");
  }
  registered(_, keyId, operator, roleNumber, log, issuer, cose, proof) {
    const role = Number(roleNumber);
    require5(role < ROLES, `${role} is no role`);
    require5(!this.#registered.has(operator + keyId), "the operator registered this key before");
    const key2 = { operator, role, log, issuer, attestedBy: [], retired: null, compromised: null };
    this.#registered.set(operator + keyId, key2);
    if (!this.#isOperator(operator)) return;
    const claim = {
      chain: this.#trust.chain_id,
      registry: fromHex(this.#trust.contracts.KeyRegistry.address),
      operator: bytesOf2(operator),
      role,
      log: bytesOf2(log),
      issuer
    };
    if (!proves(cose, claim, proof)) this.unproven.add(keyId);
    else if (!this.keys.has(keyId)) this.keys.set(keyId, key2);
  }
  attested(_, keyId, operator, registrar) {
    const { attestedBy } = this.#key(operator, keyId);
    if (this.registrars.has(registrar) && !attestedBy.includes(registrar)) attestedBy.push(registrar);
  }
  unattested(_, keyId, operator, registrar) {
    const key2 = this.#key(operator, keyId);
    key2.attestedBy = key2.attestedBy.filter((one) => one !== registrar);
  }
  retired(event, keyId, operator, epoch, lastSequence) {
    const key2 = this.#key(operator, keyId);
    require5(!key2.retired && !key2.compromised, "the key was not in force");
    key2.retired = { epoch, lastSequence, moment: event };
  }
  compromised(event, keyId, operator) {
    const key2 = this.#key(operator, keyId);
    require5(!key2.compromised, "the key was compromised before");
    key2.compromised = event;
  }
  minted(_, id, operator, lotHash, custody2) {
    require5(custody2 < CUSTODIES, `${custody2} is no chain of custody`);
    require5(!this.lots.has(id), "the lot was minted before");
    require5(lotIdOf(operator, bytesOf2(lotHash)) === id, "the lot's id is not the hash of operator and lot");
    this.lots.set(id, { id, operator, versions: [], inputs: [], custody: Number(custody2) });
  }
  recordSet(_, id, version, log, leaf) {
    const { versions } = this.#lot(id);
    require5(Number(version) === versions.length + 1, "a version of the record was left out");
    versions.push({ version: Number(version), leaf });
  }
  consumed(_, child, parent, operator, shares) {
    const { versions, inputs } = this.#lot(child);
    require5(versions.length === 1, "a lot takes inputs only when it is minted");
    require5(shares > 0n && shares <= SHARES, "more shares than a lot has");
    inputs.push({ parent, shares });
  }
};
var state = ChainState.prototype;
var HANDLERS = {
  OperatorAdmitted: state.admitted,
  OperatorRemoved: state.removed,
  RegistrarAccredited: state.accredited,
  RegistrarWithdrawn: state.withdrawn,
  KeyRegistered: state.registered,
  KeyAttested: state.attested,
  AttestationWithdrawn: state.unattested,
  KeyRetired: state.retired,
  KeyCompromised: state.compromised,
  LotMinted: state.minted,
  RecordSet: state.recordSet,
  Consumed: state.consumed
};
var OPERATOR_EVENTS = ["OperatorAdmitted", "OperatorRemoved", "RegistrarAccredited", "RegistrarWithdrawn"];
var KEY_EVENTS = ["KeyRegistered", "KeyAttested", "AttestationWithdrawn", "KeyRetired", "KeyCompromised"];
var LOT_EVENTS = ["LotMinted", "RecordSet", "Consumed"];

// backend/web/verify/certificate.js
var MAX_SERIAL2 = 2n ** 128n - 1n;
var MAX_WH = 10 ** 6;
var MAX_NAME2 = 128;
var EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split(" ");
var PROFILES = {
  GO: { market: EU, months: 18, wholeMonths: false },
  GEC: { market: ["CN"], months: 23, wholeMonths: true },
  "I-REC": { market: null, months: null, wholeMonths: false }
};
var SOURCES = ["solar", "wind", "hydro", "biomass", "geothermal", "marine", "nuclear", "other"];
var days = struct({ first: text, last: text });
var shape2 = struct(
  {
    kind: oneOf("GEC", "GO", "I-REC"),
    registry: text,
    first: text,
    last: text,
    wh_per_serial: whole,
    beneficiary: text,
    facility: text,
    period: days,
    plant: text,
    source: oneOf(...SOURCES),
    country: text,
    generated: days,
    cancelled: text
  },
  { document: orNull(text) }
);
function readCancellation(body) {
  const found = convert(bodyContent(body), shape2, "cancellation");
  checkPrintable(found);
  const { length } = utf8(found.registry);
  if (length < 1 || length > MAX_NAME2) throw new Malformed(`registry: not 1 to ${MAX_NAME2} bytes`);
  const serials = [serial(found.first, "first"), serial(found.last, "last")];
  if (serials[0] > serials[1]) throw new Malformed("last: below the first serial");
  if (found.wh_per_serial < 1 || found.wh_per_serial > MAX_WH) throw new Malformed(`wh_per_serial: not 1 to ${MAX_WH}`);
  party(found.beneficiary, "beneficiary");
  gln(found.facility, "facility");
  if (!/^[A-Z]{2}$/.test(found.country)) throw new Malformed("country: not a code of two capital letters (ISO 3166-1)");
  checkDays(found.period, "period");
  checkDays(found.generated, "generated");
  if (day(found.cancelled, "cancelled") < day(found.generated.last, "generated")) {
    throw new Malformed("cancelled: before the energy was generated");
  }
  if (found.document !== null) digest(found.document, "document");
  return { ...found, serials, registryId: hex(keccak_256(utf8(found.registry))) };
}
function unfit(stated, { facility, opened: opened2, closed, used }) {
  const found = [];
  if (stated.facility !== facility) found.push(["claim-facility", { stated: stated.facility, facility }]);
  const { kind: kind2, country, cancelled, generated, period: { first: start, last: end } } = stated;
  if (!(start <= opened2 && opened2 <= closed && closed <= end)) found.push(["claim-period", { opened: opened2, closed, start, end }]);
  if (!inTime(stated)) found.push(["claim-vintage", { kind: kind2, generated: generated.first, cancelled }]);
  for (const one of [...used].sort()) if (!sameMarket(stated, one)) found.push(["claim-market", { kind: kind2, country, used: one }]);
  return found;
}
function sameMarket({ kind: kind2, country }, used) {
  const { market } = PROFILES[kind2];
  return market ? market.includes(country) && market.includes(used) : country === used;
}
function inTime({ kind: kind2, generated, period, cancelled }) {
  const { months, wholeMonths } = PROFILES[kind2];
  if (months === null) {
    return new Set([generated.first, generated.last, period.first, period.last].map((one) => one.slice(0, 4))).size === 1;
  }
  const nextYear = String(Number(period.first.slice(0, 4)) + 1).padStart(4, "0") + period.first.slice(4);
  if (generated.first > period.last || period.last >= nextYear) return false;
  const made2 = generated.first.split("-").map(Number);
  return [period.first, cancelled].every((one) => {
    const end = one.split("-").map(Number);
    const passed = 12 * (end[0] - made2[0]) + end[1] - made2[1];
    return passed < months || passed === months && (wholeMonths || end[2] <= made2[2]);
  });
}
function checkDays({ first, last }, field) {
  if (day(first, field) > day(last, field)) throw new Malformed(`${field}: ends before it begins`);
}
function day(value, field) {
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value) && value >= "0001") {
    const date = /* @__PURE__ */ new Date(`${value}T00:00:00Z`);
    if (!Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === value) return value;
  }
  throw new Malformed(`${field}: '${value.slice(0, 40)}' is not a day such as 2026-11-23`);
}
function serial(value, field) {
  const found = /^[1-9][0-9]{0,38}$/.test(value) ? BigInt(value) : 0n;
  if (found >= 1n && found <= MAX_SERIAL2) return found;
  throw new Malformed(`${field}: '${value.slice(0, 40)}' is not a whole number from 1 to 2^128 - 1 without leading zeros`);
}

// backend/web/verify/footprint.js
var footprint_exports = {};
__export(footprint_exports, {
  JWT_TYPE: () => JWT_TYPE2,
  MEMBERS: () => MEMBERS,
  PLACES: () => PLACES,
  SHARE_PLACES: () => SHARE_PLACES,
  WITHHELD: () => WITHHELD2,
  choicesOf: () => choicesOf,
  contradictions: () => contradictions,
  lotOf: () => lotOf,
  readFootprint: () => readFootprint,
  setsUsed: () => setsUsed
});

// leafproof/gwp/ipcc-gwp100.json
var ipcc_gwp100_default = '{\n "title": "Global warming potentials over 100 years, kg CO2e per kg, by IPCC assessment report (SAR 1995, AR4 2007, AR5 2013 without climate-carbon feedbacks, AR6 2021)",\n "source": "openclimatedata/globalwarmingpotentials, columns SARGWP100, AR4GWP100, AR5GWP100, AR6GWP100; CH4 fossil and biogenic: IPCC AR5 WG1 table 8.7, and IPCC AR6 WG1 table 7.15. SAR and AR4 have one value of CH4 for both.",\n "licence": "CC0-1.0",\n "sets": {\n  "SAR": {\n   "CO2": "1",\n   "CH4 fossil": "21",\n   "CH4 biogenic": "21",\n   "N2O": "310",\n   "HFC23": "11700",\n   "HFC32": "650",\n   "HFC41": "150",\n   "HFC125": "2800",\n   "HFC134": "1000",\n   "HFC134a": "1300",\n   "HFC143": "300",\n   "HFC143a": "3800",\n   "HFC152a": "140",\n   "HFC227ea": "2900",\n   "HFC236fa": "6300",\n   "HFC245ca": "560",\n   "HFC4310mee": "1300",\n   "SF6": "23900",\n   "CF4": "6500",\n   "C2F6": "9200",\n   "C3F8": "7000"\n  },\n  "AR4": {\n   "CO2": "1",\n   "CH4 fossil": "25",\n   "CH4 biogenic": "25",\n   "N2O": "298",\n   "HFC23": "14800",\n   "HFC32": "675",\n   "HFC125": "3500",\n   "HFC134a": "1430",\n   "HFC143a": "4470",\n   "HFC152a": "124",\n   "HFC227ea": "3220",\n   "HFC236fa": "9810",\n   "HFC245fa": "1030",\n   "HFC365mfc": "794",\n   "HFC4310mee": "1640",\n   "SF6": "22800",\n   "NF3": "17200",\n   "CF4": "7390",\n   "C2F6": "12200",\n   "C3F8": "8830"\n  },\n  "AR5": {\n   "CO2": "1",\n   "N2O": "265",\n   "HFC23": "12400",\n   "HFC32": "677",\n   "HFC41": "116",\n   "HFC125": "3170",\n   "HFC134": "1120",\n   "HFC134a": "1300",\n   "HFC143": "328",\n   "HFC143a": "4800",\n   "HFC152": "16",\n   "HFC152a": "138",\n   "HFC161": "4",\n   "HFC227ea": "3350",\n   "HFC236cb": "1210",\n   "HFC236ea": "1330",\n   "HFC236fa": "8060",\n   "HFC245ca": "716",\n   "HFC245fa": "858",\n   "HFC365mfc": "804",\n   "HFC4310mee": "1650",\n   "SF6": "23500",\n   "NF3": "16100",\n   "CF4": "6630",\n   "C2F6": "11100",\n   "C3F8": "8900",\n   "CH4 fossil": "30",\n   "CH4 biogenic": "28"\n  },\n  "AR6": {\n   "CO2": "1",\n   "N2O": "273",\n   "HFC23": "14600",\n   "HFC32": "771",\n   "HFC41": "135",\n   "HFC125": "3740",\n   "HFC134": "1260",\n   "HFC134a": "1530",\n   "HFC143": "364",\n   "HFC143a": "5810",\n   "HFC152": "21.5",\n   "HFC152a": "164",\n   "HFC161": "4.84",\n   "HFC227ea": "3600",\n   "HFC236cb": "1350",\n   "HFC236ea": "1500",\n   "HFC236fa": "8690",\n   "HFC245ca": "787",\n   "HFC245fa": "962",\n   "HFC365mfc": "914",\n   "HFC4310mee": "1600",\n   "SF6": "25200",\n   "NF3": "17400",\n   "CF4": "7380",\n   "C2F6": "12400",\n   "C3F8": "9290",\n   "CH4 fossil": "29.8",\n   "CH4 biogenic": "27.0"\n  }\n }\n}\n';

// leafproof/profiles/cbam-steel.1.json
var cbam_steel_1_default = `{
 "id": "cbam-steel",
 "version": "1",
 "title_en": "CBAM, iron and steel: direct embedded emissions",
 "title_zh": "CBAM 钢铁：直接隐含排放",
 "standard": "Regulation (EU) 2023/956, Annexes I, II and IV",
 "note": "The annexes were read in others' renderings. Implementing rules for 2026 on were not read; a declaration to customs needs them, a period of a year and a verifier.",
 "rules": [
  {
   "rule": "gases",
   "id": "cbam-gases",
   "text_en": "Of iron and steel carbon dioxide alone is counted",
   "text_zh": "钢铁仅计二氧化碳",
   "source": "Regulation (EU) 2023/956, Annex I",
   "reading": "secondary",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": [
    "CO2"
   ],
   "lumps": "refuse"
  },
  {
   "rule": "boundary",
   "id": "cbam-boundary",
   "text_en": "Direct emissions of the process and of its precursors; electricity is not counted; a precursor without evidence takes a CBAM default value",
   "text_zh": "计入本过程及前体的直接排放；不计电力；无证据的前体采用 CBAM 默认值",
   "source": "Regulation (EU) 2023/956, Annex II and Annex IV, points 2 to 4",
   "reading": "secondary",
   "electricity": false,
   "material_boundary": "CBAM direct embedded emissions, own process and precursors; no electricity, mining, transport or fuel supply",
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "electricity",
    "mining, transport and fuel supply",
    "mark-up of default values",
    "use and end of life"
   ]
  },
  {
   "rule": "electricity",
   "id": "cbam-electricity",
   "text_en": "Electricity is not counted",
   "text_zh": "不计电力",
   "source": "Regulation (EU) 2023/956, Annex II",
   "reading": "secondary",
   "required": [],
   "incomplete": "flag"
  },
  {
   "rule": "categories",
   "id": "cbam-carbon",
   "text_en": "Fossil carbon dioxide",
   "text_zh": "化石二氧化碳",
   "source": "Regulation (EU) 2023/956, Annex I",
   "reading": "secondary",
   "counted": [
    "fossil"
   ]
  },
  {
   "rule": "allocation",
   "id": "cbam-allocation",
   "text_en": "Goods of one production process share by tonnes",
   "text_zh": "同一生产过程的货物按吨分摊",
   "source": "Regulation (EU) 2023/956, Annex IV, point 2",
   "reading": "secondary",
   "methods": [
    "mass"
   ],
   "subdivision": true,
   "value_ratio": null
  },
  {
   "rule": "cut-off",
   "id": "cbam-cut-off",
   "text_en": "Nothing may be cut off",
   "text_zh": "不得舍去",
   "source": "house rule: the annex names no cut-off",
   "reading": "not read",
   "max_percent": "0"
  },
  {
   "rule": "product",
   "id": "cbam-product",
   "text_en": "The goods' CN code and production process are stated, and the code is of iron or steel",
   "text_zh": "须说明货物的 CN 编码和生产过程，且编码属于钢铁",
   "source": "Regulation (EU) 2023/956, Annex I, and Annex IV, point 1",
   "reading": "secondary",
   "required": [
    "cn_code",
    "process"
   ],
   "cn_prefixes": [
    "260112",
    "72",
    "7301",
    "7302",
    "7303",
    "7304",
    "7305",
    "7306",
    "7307",
    "7308",
    "7309",
    "7310",
    "7311",
    "7318",
    "7326"
   ],
   "functional_unit": null
  },
  {
   "rule": "quality",
   "id": "cbam-quality",
   "text_en": "No data quality ratings are made",
   "text_zh": "不作数据质量评级",
   "source": "house rule",
   "reading": "read",
   "rated": false,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "cbam-overhead",
   "text_en": "Fuels outside runs are counted once their period is closed; electricity is not",
   "text_zh": "批次之外的燃料在期间结算后计入；电力不计入",
   "source": "Regulation (EU) 2023/956, Annex II",
   "reading": "secondary",
   "counted": true,
   "required": false
  },
  {
   "rule": "note",
   "id": "cbam-installation",
   "text_en": "Embedded emissions are those of the installation that made the goods: one facility's footprints, never a mean over plants",
   "text_zh": "隐含排放属于制造货物的设施：按单一设施计算，不跨厂平均",
   "source": "Regulation (EU) 2023/956, Annex IV, point 1",
   "reading": "secondary"
  }
 ]
}
`;

// leafproof/profiles/eu-battery-2023.1.json
var eu_battery_2023_1_default = `{
 "id": "eu-battery-2023",
 "version": "1",
 "title_en": "EU Battery Regulation: carbon footprint of a battery",
 "title_zh": "欧盟电池法：电池碳足迹",
 "standard": "Regulation (EU) 2023/1542, Article 7 and Annex II",
 "note": "Article 7 and Annex II were read in others' renderings; the delegated acts with the method were not read.",
 "rules": [
  {
   "rule": "gases",
   "id": "battery-gases",
   "text_en": "Each gas is weighed over 100 years by the newest IPCC report",
   "text_zh": "各气体按 IPCC 最新报告百年取值",
   "source": "Regulation (EU) 2023/1542, Annex II, point 6",
   "reading": "not read",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": null,
   "lumps": "flag"
  },
  {
   "rule": "boundary",
   "id": "battery-boundary",
   "text_en": "Raw material, production, distribution and end of life; use is left out",
   "text_zh": "计入原料、生产、分销和报废；不含使用",
   "source": "Regulation (EU) 2023/1542, Annex II, point 4",
   "reading": "secondary",
   "electricity": true,
   "material_boundary": null,
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "distribution, end of life and recycling"
   ]
  },
  {
   "rule": "electricity",
   "id": "battery-electricity",
   "text_en": "Electricity counts generation, losses and the supply of fuels",
   "text_zh": "电力计入发电、输配损耗和燃料上游",
   "source": "Regulation (EU) 2023/1542, Annex II, point 5",
   "reading": "not read",
   "required": [
    "generation",
    "transmission-losses",
    "fuel-supply"
   ],
   "incomplete": "refuse"
  },
  {
   "rule": "categories",
   "id": "battery-carbon",
   "text_en": "All five kinds of carbon are counted",
   "text_zh": "五类碳均计入",
   "source": "Regulation (EU) 2023/1542, Annex II",
   "reading": "not read",
   "counted": [
    "fossil",
    "biogenic",
    "biogenic uptake",
    "land use",
    "aircraft"
   ]
  },
  {
   "rule": "allocation",
   "id": "battery-allocation",
   "text_en": "Subdivision first, then mass",
   "text_zh": "先细分，再按质量",
   "source": "Regulation (EU) 2023/1542, Annex II",
   "reading": "not read",
   "methods": [
    "mass"
   ],
   "subdivision": true,
   "value_ratio": null
  },
  {
   "rule": "cut-off",
   "id": "battery-cut-off",
   "text_en": "At most three percent, with the reason",
   "text_zh": "至多百分之三，并说明理由",
   "source": "Product Environmental Footprint method, Recommendation (EU) 2021/2279, 4.2.6",
   "reading": "not read",
   "max_percent": "3"
  },
  {
   "rule": "product",
   "id": "battery-product",
   "text_en": "A battery of a model, made at one plant, whose energy over its service life is stated; the result is per kWh of it",
   "text_zh": "须为在一个工厂制造的某一型号电池，并说明其使用寿命内提供的总能量；结果按其每千瓦时表示",
   "source": "Regulation (EU) 2023/1542, Article 7(1) and Annex II, point 2",
   "reading": "secondary",
   "required": [
    "model",
    "service_life_kwh_per_tonne"
   ],
   "cn_prefixes": [],
   "functional_unit": "kWh"
  },
  {
   "rule": "quality",
   "id": "battery-quality",
   "text_en": "No data quality ratings are made",
   "text_zh": "不作数据质量评级",
   "source": "house rule",
   "reading": "read",
   "rated": false,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "battery-overhead",
   "text_en": "Idle, standby and overhead energy belongs to the good output of its period",
   "text_zh": "空载、待机和公用能耗归于该期间的合格产出",
   "source": "Regulation (EU) 2023/1542, Annex II",
   "reading": "not read",
   "counted": true,
   "required": true
  }
 ]
}
`;

// leafproof/profiles/gbt-24067-2024.1.json
var gbt_24067_2024_1_default = `{
 "id": "gbt-24067-2024",
 "version": "1",
 "title_en": "GB/T 24067-2024, cradle to gate",
 "title_zh": "GB/T 24067—2024（从摇篮到大门）",
 "standard": "GB/T 24067-2024",
 "note": "The standard was not opened. Its electricity clause was read in an association's account of the draft for comment; it adopts ISO 14067:2018 with changes.",
 "rules": [
  {
   "rule": "gases",
   "id": "gbt24067-gases",
   "text_en": "Each gas's mass is weighed by its 100-year GWP; the standard's annex of values was not read, AR6 is used",
   "text_zh": "各气体质量乘以百年全球增温潜势；未能查阅标准附录中的取值，采用 AR6",
   "source": "GB/T 24067-2024, 6.5 and annex of GWP values",
   "reading": "not read",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": null,
   "lumps": "flag"
  },
  {
   "rule": "boundary",
   "id": "gbt24067-boundary",
   "text_en": "A partial footprint says which stages it leaves out",
   "text_zh": "部分产品碳足迹须说明未包含的阶段",
   "source": "GB/T 24067-2024, 3.1 and 6.3",
   "reading": "not read",
   "electricity": true,
   "material_boundary": null,
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "use and end of life"
   ]
  },
  {
   "rule": "electricity",
   "id": "gbt24067-electricity",
   "text_en": "Electricity counts the life cycle of its supply: upstream, generation with losses in transmission and distribution",
   "text_zh": "与用电相关的排放包括供电系统生命周期：上游、发电及输配电损失",
   "source": "GB/T 24067-2024, 6.4 (electricity)",
   "reading": "secondary",
   "required": [
    "generation",
    "transmission-losses",
    "fuel-supply"
   ],
   "incomplete": "refuse"
  },
  {
   "rule": "categories",
   "id": "gbt24067-carbon",
   "text_en": "Fossil, biogenic emissions, biogenic uptake, land use change and aircraft are counted, and documented apart",
   "text_zh": "化石、生物源排放、生物源吸收、土地利用变化和航空运输均计入并分别记录",
   "source": "GB/T 24067-2024, 6.4",
   "reading": "not read",
   "counted": [
    "fossil",
    "biogenic",
    "biogenic uptake",
    "land use",
    "aircraft"
   ]
  },
  {
   "rule": "allocation",
   "id": "gbt24067-allocation",
   "text_en": "Subdivision first, then a physical relation, then economic value",
   "text_zh": "先细分，再按物理关系，最后按经济价值",
   "source": "GB/T 24067-2024, 6.4; GB/T 24044-2008, 4.3.4.2",
   "reading": "not read",
   "methods": [
    "mass",
    "economic"
   ],
   "subdivision": true,
   "value_ratio": null
  },
  {
   "rule": "cut-off",
   "id": "gbt24067-cut-off",
   "text_en": "Exclusions are stated and explained",
   "text_zh": "舍去须说明并解释",
   "source": "GB/T 24067-2024, 6.3",
   "reading": "not read",
   "max_percent": null
  },
  {
   "rule": "product",
   "id": "gbt24067-product",
   "text_en": "Any product with a mass",
   "text_zh": "任何有质量的产品",
   "source": "GB/T 24067-2024, 1",
   "reading": "secondary",
   "required": [],
   "cn_prefixes": [],
   "functional_unit": null
  },
  {
   "rule": "quality",
   "id": "gbt24067-quality",
   "text_en": "Data quality is described in words, not rated",
   "text_zh": "数据质量以文字说明，不评分",
   "source": "GB/T 24067-2024, 6.3",
   "reading": "not read",
   "rated": false,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "gbt24067-overhead",
   "text_en": "Idle, standby and overhead energy belongs to the good output of its period",
   "text_zh": "空载、待机和公用能耗归于该期间的合格产出",
   "source": "GB/T 24067-2024, 6.4",
   "reading": "not read",
   "counted": true,
   "required": true
  }
 ]
}
`;

// leafproof/profiles/iso-14067-2018-market.1.json
var iso_14067_2018_market_1_default = `{
 "id": "iso-14067-2018-market",
 "version": "1",
 "title_en": "ISO 14067:2018, cradle to gate, electricity by contractual instruments",
 "title_zh": "ISO 14067:2018（从摇篮到大门，电力按合同凭证核算）",
 "standard": "ISO 14067:2018",
 "note": "The standard itself is sold and was not opened. Its electricity and biogenic clauses were read in the committee draft of 2012 (there 6.3.9.2 and 6.3.9.3) and compared with what others cite; the numbers of the other clauses are from memory of citations. The conditions for contractual instruments are told here as the GHG Protocol's Scope 2 Guidance (2015), chapter 7, has them, from which the clause is known to descend; that guidance was read in excerpts.",
 "rules": [
  {
   "rule": "gases",
   "id": "iso14067-gases",
   "text_en": "Each gas's mass is weighed by its 100-year GWP of the newest IPCC report (AR6)",
   "text_zh": "各气体质量乘以 IPCC 最新报告（AR6）的百年全球增温潜势",
   "source": "ISO 14067:2018, 6.5.2",
   "reading": "not read",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": null,
   "lumps": "flag"
  },
  {
   "rule": "boundary",
   "id": "iso14067-boundary",
   "text_en": "A partial CFP says which stages it leaves out",
   "text_zh": "部分产品碳足迹须说明未包含的阶段",
   "source": "ISO 14067:2018, 3.1.1.2 and 6.3.4",
   "reading": "not read",
   "electricity": true,
   "material_boundary": null,
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "use and end of life"
   ]
  },
  {
   "rule": "electricity",
   "id": "iso14067-electricity",
   "text_en": "Electricity counts generation, losses in transmission and distribution, and the supply of fuels; a factor that leaves one out is refused unless another factor adds it",
   "text_zh": "电力须计入发电、输配损耗和燃料上游；缺少其一的因子须由另一因子补足，否则拒绝",
   "source": "ISO 14067:2018, 6.4.9.4.1",
   "reading": "secondary",
   "required": [
    "generation",
    "transmission-losses",
    "fuel-supply"
   ],
   "incomplete": "refuse"
  },
  {
   "rule": "instruments",
   "id": "iso14067-instruments",
   "text_en": "Electricity that cancelled certificates cover counts by their source, in watt-hours, uniformly over all that the lot used: each once, tracked and cancelled for its user, of the market and of the time of the consumption; certificates beyond that are not counted, and the rest counts by the residual mix, or by the grid mix where none is known, which is flagged",
   "text_zh": "已注销证书覆盖的电量按其能源种类计算，以瓦时计并均匀分摊于该批次全部用电：每张证书只用一次，可追踪、为用户注销，且与用电同市场、同期间；超出部分不计，未覆盖部分按剩余组合计算，无已知剩余组合时按电网平均并加标注",
   "source": "ISO 14067:2018, 6.4.9.4.4; GHG Protocol Scope 2 Guidance (2015), table 7.1, criteria 1 to 5 and 8",
   "reading": "secondary"
  },
  {
   "rule": "categories",
   "id": "iso14067-carbon",
   "text_en": "Fossil, biogenic emissions, biogenic uptake, land use change and aircraft are counted, and documented apart",
   "text_zh": "化石、生物源排放、生物源吸收、土地利用变化和航空运输均计入并分别记录",
   "source": "ISO 14067:2018, 6.4.9.2, 6.4.9.5 and 7.2",
   "reading": "secondary",
   "counted": [
    "fossil",
    "biogenic",
    "biogenic uptake",
    "land use",
    "aircraft"
   ]
  },
  {
   "rule": "allocation",
   "id": "iso14067-allocation",
   "text_en": "Allocation is avoided by subdivision, then follows a physical relation, then economic value",
   "text_zh": "先以过程细分避免分配，再按物理关系，最后按经济价值",
   "source": "ISO 14067:2018, 6.4.6.2; ISO 14044:2006, 4.3.4.2",
   "reading": "secondary",
   "methods": [
    "mass",
    "economic"
   ],
   "subdivision": true,
   "value_ratio": null
  },
  {
   "rule": "cut-off",
   "id": "iso14067-cut-off",
   "text_en": "Exclusions are few, stated and explained; the standard sets no percentage",
   "text_zh": "舍去应尽量少，须说明并解释；标准未规定百分比",
   "source": "ISO 14067:2018, 6.3.4.3",
   "reading": "not read",
   "max_percent": null
  },
  {
   "rule": "product",
   "id": "iso14067-product",
   "text_en": "Any product with a mass",
   "text_zh": "任何有质量的产品",
   "source": "ISO 14067:2018, 1",
   "reading": "not read",
   "required": [],
   "cn_prefixes": [],
   "functional_unit": null
  },
  {
   "rule": "quality",
   "id": "iso14067-quality",
   "text_en": "Data quality is described in words, not rated",
   "text_zh": "数据质量以文字说明，不评分",
   "source": "ISO 14067:2018, 6.3.5",
   "reading": "not read",
   "rated": false,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "iso14067-overhead",
   "text_en": "Idle, standby and overhead energy belongs to the good output of its period",
   "text_zh": "空载、待机和公用能耗归于该期间的合格产出",
   "source": "ISO 14067:2018, 6.4.4 (complete product system)",
   "reading": "not read",
   "counted": true,
   "required": true
  },
  {
   "rule": "note",
   "id": "iso14067-offsets",
   "text_en": "Offsets are no part of a footprint",
   "text_zh": "碳抵消不计入碳足迹",
   "source": "ISO 14067:2018, 6.3.4.1",
   "reading": "not read"
  }
 ]
}
`;

// leafproof/profiles/iso-14067-2018.1.json
var iso_14067_2018_1_default = `{
 "id": "iso-14067-2018",
 "version": "1",
 "title_en": "ISO 14067:2018, cradle to gate",
 "title_zh": "ISO 14067:2018（从摇篮到大门）",
 "standard": "ISO 14067:2018",
 "note": "The standard itself is sold and was not opened. Its electricity and biogenic clauses were read in the committee draft of 2012 (there 6.3.9.2 and 6.3.9.3) and compared with what others cite; the numbers of the other clauses are from memory of citations.",
 "rules": [
  {
   "rule": "gases",
   "id": "iso14067-gases",
   "text_en": "Each gas's mass is weighed by its 100-year GWP of the newest IPCC report (AR6)",
   "text_zh": "各气体质量乘以 IPCC 最新报告（AR6）的百年全球增温潜势",
   "source": "ISO 14067:2018, 6.5.2",
   "reading": "not read",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": null,
   "lumps": "flag"
  },
  {
   "rule": "boundary",
   "id": "iso14067-boundary",
   "text_en": "A partial CFP says which stages it leaves out",
   "text_zh": "部分产品碳足迹须说明未包含的阶段",
   "source": "ISO 14067:2018, 3.1.1.2 and 6.3.4",
   "reading": "not read",
   "electricity": true,
   "material_boundary": null,
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "use and end of life"
   ]
  },
  {
   "rule": "electricity",
   "id": "iso14067-electricity",
   "text_en": "Electricity counts generation, losses in transmission and distribution, and the supply of fuels; a factor that leaves one out is refused unless another factor adds it",
   "text_zh": "电力须计入发电、输配损耗和燃料上游；缺少其一的因子须由另一因子补足，否则拒绝",
   "source": "ISO 14067:2018, 6.4.9.4.1",
   "reading": "secondary",
   "required": [
    "generation",
    "transmission-losses",
    "fuel-supply"
   ],
   "incomplete": "refuse"
  },
  {
   "rule": "categories",
   "id": "iso14067-carbon",
   "text_en": "Fossil, biogenic emissions, biogenic uptake, land use change and aircraft are counted, and documented apart",
   "text_zh": "化石、生物源排放、生物源吸收、土地利用变化和航空运输均计入并分别记录",
   "source": "ISO 14067:2018, 6.4.9.2, 6.4.9.5 and 7.2",
   "reading": "secondary",
   "counted": [
    "fossil",
    "biogenic",
    "biogenic uptake",
    "land use",
    "aircraft"
   ]
  },
  {
   "rule": "allocation",
   "id": "iso14067-allocation",
   "text_en": "Allocation is avoided by subdivision, then follows a physical relation, then economic value",
   "text_zh": "先以过程细分避免分配，再按物理关系，最后按经济价值",
   "source": "ISO 14067:2018, 6.4.6.2; ISO 14044:2006, 4.3.4.2",
   "reading": "secondary",
   "methods": [
    "mass",
    "economic"
   ],
   "subdivision": true,
   "value_ratio": null
  },
  {
   "rule": "cut-off",
   "id": "iso14067-cut-off",
   "text_en": "Exclusions are few, stated and explained; the standard sets no percentage",
   "text_zh": "舍去应尽量少，须说明并解释；标准未规定百分比",
   "source": "ISO 14067:2018, 6.3.4.3",
   "reading": "not read",
   "max_percent": null
  },
  {
   "rule": "product",
   "id": "iso14067-product",
   "text_en": "Any product with a mass",
   "text_zh": "任何有质量的产品",
   "source": "ISO 14067:2018, 1",
   "reading": "not read",
   "required": [],
   "cn_prefixes": [],
   "functional_unit": null
  },
  {
   "rule": "quality",
   "id": "iso14067-quality",
   "text_en": "Data quality is described in words, not rated",
   "text_zh": "数据质量以文字说明，不评分",
   "source": "ISO 14067:2018, 6.3.5",
   "reading": "not read",
   "rated": false,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "iso14067-overhead",
   "text_en": "Idle, standby and overhead energy belongs to the good output of its period",
   "text_zh": "空载、待机和公用能耗归于该期间的合格产出",
   "source": "ISO 14067:2018, 6.4.4 (complete product system)",
   "reading": "not read",
   "counted": true,
   "required": true
  },
  {
   "rule": "note",
   "id": "iso14067-offsets",
   "text_en": "Offsets are no part of a footprint",
   "text_zh": "碳抵消不计入碳足迹",
   "source": "ISO 14067:2018, 6.3.4.1",
   "reading": "not read"
  }
 ]
}
`;

// leafproof/profiles/leafproof-partial.2.json
var leafproof_partial_2_default = `{
 "id": "leafproof-partial",
 "version": "2",
 "title_en": "Partial footprint (house method)",
 "title_zh": "部分碳足迹（本系统方法）",
 "standard": "none: a house method after the definition of a partial CFP, ISO 14067:2018, 3.1.1.2",
 "note": "It refuses little and flags much: for plants whose factors are not complete enough for a standard.",
 "rules": [
  {
   "rule": "gases",
   "id": "partial-gases",
   "text_en": "Gases are weighed by IPCC AR6 over 100 years; a factor that states CO2e alone keeps its own set, and is flagged",
   "text_zh": "各气体按 IPCC 第六次评估报告百年全球增温潜势计；只给出 CO2e 的因子保留其自身的取值并予以标注",
   "source": "IPCC AR6 WG1, table 7.15 and 7.SM.7",
   "reading": "secondary",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": null,
   "lumps": "flag"
  },
  {
   "rule": "boundary",
   "id": "partial-boundary",
   "text_en": "Counted: what the run's points meter, and the inputs",
   "text_zh": "计入：本批次各计量点所计量的，以及投入物",
   "source": "house rule",
   "reading": "read",
   "electricity": true,
   "material_boundary": null,
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "energy outside production runs",
    "use and end of life"
   ]
  },
  {
   "rule": "electricity",
   "id": "partial-electricity",
   "text_en": "What a grid factor leaves out is flagged",
   "text_zh": "电网因子未包含的部分予以标注",
   "source": "house rule",
   "reading": "read",
   "required": [
    "generation",
    "transmission-losses",
    "fuel-supply"
   ],
   "incomplete": "flag"
  },
  {
   "rule": "categories",
   "id": "partial-carbon",
   "text_en": "All five kinds of carbon are counted, and reported apart",
   "text_zh": "五类碳均计入并分别报告",
   "source": "house rule",
   "reading": "read",
   "counted": [
    "fossil",
    "biogenic",
    "biogenic uptake",
    "land use",
    "aircraft"
   ]
  },
  {
   "rule": "allocation",
   "id": "partial-allocation",
   "text_en": "Subdivision first, then mass, then value with a reason",
   "text_zh": "先细分过程，其次按质量，最后按经济价值并说明理由",
   "source": "ISO 14044:2006, 4.3.4.2",
   "reading": "secondary",
   "methods": [
    "mass",
    "economic"
   ],
   "subdivision": true,
   "value_ratio": null
  },
  {
   "rule": "cut-off",
   "id": "partial-cut-off",
   "text_en": "What is cut off is stated with its reason",
   "text_zh": "舍去部分须说明百分比和理由",
   "source": "house rule",
   "reading": "read",
   "max_percent": null
  },
  {
   "rule": "product",
   "id": "partial-product",
   "text_en": "Any product with a mass",
   "text_zh": "任何有质量的产品",
   "source": "house rule",
   "reading": "read",
   "required": [],
   "cn_prefixes": [],
   "functional_unit": null
  },
  {
   "rule": "quality",
   "id": "partial-quality",
   "text_en": "No data quality ratings are made",
   "text_zh": "不作数据质量评级",
   "source": "house rule",
   "reading": "read",
   "rated": false,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "partial-overhead",
   "text_en": "Energy outside runs is not part of it",
   "text_zh": "批次之外的能耗不计入",
   "source": "house rule",
   "reading": "read",
   "counted": false,
   "required": false
  }
 ]
}
`;

// leafproof/profiles/pact-3.1.json
var pact_3_1_default = `{
 "id": "pact-3",
 "version": "1",
 "title_en": "PACT Methodology v3",
 "title_zh": "PACT 方法学第三版",
 "standard": "PACT Methodology 3.0",
 "note": "The methodology's text was not opened. Rules marked read stand on the field descriptions of PACT's own OpenAPI document of version 3, which name the methodology's sections.",
 "rules": [
  {
   "rule": "gases",
   "id": "pact-gases",
   "text_en": "The newest characterisation factors are used: AR6",
   "text_zh": "采用最新的特征化因子：AR6",
   "source": "PACT Tech Specifications 3.0, ipccCharacterizationFactors",
   "reading": "read",
   "gwp_set": "AR6",
   "table": "0f4983bb3079a044346cce9920ffa0dff7bf04ce7e0152b837eeaaaf15131a1b",
   "gases": null,
   "lumps": "flag"
  },
  {
   "rule": "boundary",
   "id": "pact-boundary",
   "text_en": "Cradle to gate",
   "text_zh": "从摇篮到大门",
   "source": "PACT Methodology 3.0, 3.2",
   "reading": "not read",
   "electricity": true,
   "material_boundary": null,
   "excluded": [
    "fuels burnt and process emissions on site that no point meters",
    "auxiliary materials, water and waste treatment",
    "transport of inputs and products",
    "use and end of life"
   ]
  },
  {
   "rule": "electricity",
   "id": "pact-electricity",
   "text_en": "Electricity counts generation, losses and the supply of fuels",
   "text_zh": "电力计入发电、输配损耗和燃料上游",
   "source": "PACT Methodology 3.0, 3.3.2",
   "reading": "not read",
   "required": [
    "generation",
    "transmission-losses",
    "fuel-supply"
   ],
   "incomplete": "refuse"
  },
  {
   "rule": "categories",
   "id": "pact-carbon",
   "text_en": "The result excludes biogenic uptake, which is reported beside it, and includes all biogenic emissions",
   "text_zh": "结果不含生物源吸收（另行报告），包含全部生物源排放",
   "source": "PACT Tech Specifications 3.0, pcfExcludingBiogenicUptake",
   "reading": "read",
   "counted": [
    "fossil",
    "biogenic",
    "land use",
    "aircraft"
   ]
  },
  {
   "rule": "allocation",
   "id": "pact-allocation",
   "text_en": "Subdivision first; by value where the dearest co-product costs more than five times the cheapest, else by mass",
   "text_zh": "先细分；最贵与最便宜的共生产品价格之比大于五时按经济价值，否则按质量",
   "source": "PACT Methodology 3.0, 3.3.1.4; a data provider's rendering of the decision tree was read, the number five was not",
   "reading": "not read",
   "methods": [
    "mass",
    "economic"
   ],
   "subdivision": true,
   "value_ratio": "5"
  },
  {
   "rule": "cut-off",
   "id": "pact-exempted",
   "text_en": "The percentage exempted and its reason are stated; version 3 sets no upper bound",
   "text_zh": "须说明豁免百分比和理由；第三版不设上限",
   "source": "PACT Tech Specifications 3.0, exemptedEmissionsPercent (methodology 3.3.1.2)",
   "reading": "read",
   "max_percent": null
  },
  {
   "rule": "product",
   "id": "pact-product",
   "text_en": "Any product with a mass",
   "text_zh": "任何有质量的产品",
   "source": "PACT Methodology 3.0, 1",
   "reading": "not read",
   "required": [],
   "cn_prefixes": [],
   "functional_unit": null
  },
  {
   "rule": "quality",
   "id": "pact-quality",
   "text_en": "Technological, geographical and temporal ratings from 1 to 5, weighted by emissions without biogenic uptake; the bounds of years are the house's",
   "text_zh": "技术、地域和时间代表性评级 1 至 5，按不含生物源吸收的排放加权；年限为本系统所定",
   "source": "PACT Tech Specifications 3.0, DataQualityIndicators (methodology 4.2.3); the matrix itself was not read",
   "reading": "read",
   "rated": true,
   "years": [
    3,
    6,
    10,
    15
   ]
  },
  {
   "rule": "overhead",
   "id": "pact-overhead",
   "text_en": "Idle, standby and overhead energy belongs to the good output of its period",
   "text_zh": "空载、待机和公用能耗归于该期间的合格产出",
   "source": "PACT Methodology 3.0, 3.3",
   "reading": "not read",
   "counted": true,
   "required": true
  },
  {
   "rule": "note",
   "id": "pact-primary",
   "text_en": "The primary data share is taken of the result without biogenic uptake",
   "text_zh": "初级数据占比按不含生物源吸收的结果计算",
   "source": "PACT Tech Specifications 3.0, primaryDataShare (methodology 4.2.2)",
   "reading": "read"
  }
 ]
}
`;

// backend/web/verify/profile.js
var digest2 = (text2) => hex(sha256(utf8(text2)));
var SHIPPED = new Map([cbam_steel_1_default, eu_battery_2023_1_default, gbt_24067_2024_1_default, iso_14067_2018_market_1_default, iso_14067_2018_1_default, leafproof_partial_2_default, pact_3_1_default].map((text2) => [digest2(text2), JSON.parse(text2)]));
var TABLE = digest2(ipcc_gwp100_default);
var SETS = JSON.parse(ipcc_gwp100_default).sets;
var CATEGORIES = ["fossil", "biogenic", "biogenic uptake", "land use", "aircraft"];
function namedProfile({ id, version, sha256: wanted2 }) {
  const found = SHIPPED.get(wanted2);
  if (!found || found.id !== id || found.version !== version) {
    throw new Malformed(`profile: '${id.slice(0, 80)}' '${version.slice(0, 20)}' is not one that this version knows`);
  }
  const rules = Object.fromEntries(found.rules.filter(({ rule }) => rule !== "note").map((rule) => [rule.rule, rule]));
  if (rules.gases.table !== TABLE) throw new Malformed("gwp: the table is not one that this version has");
  return rules;
}
function refuse(rule, what) {
  throw new Malformed(`${rule.id}: ${what} (${rule.source})`);
}
function weight(gas, category2, rule) {
  const fossil = category2 === "fossil" || category2 === "aircraft";
  const name2 = gas === "CH4" ? `CH4 ${fossil ? "fossil" : "biogenic"}` : gas;
  const set = SETS[rule.gwp_set];
  if (!Object.hasOwn(set, name2)) throw new Malformed(`${rule.id}: ${rule.gwp_set} has no weight of '${gas.slice(0, 40)}'`);
  return decimal(set[name2], rule.gwp_set);
}

// backend/web/verify/footprint.js
var MAX_CERTIFICATES = 1e3;
var ONE = new Fraction(1n);
var WITHHELD2 = ["components", "prices"];
var JWT_TYPE2 = "leafproof-footprint+sd-jwt";
var stage = oneOf("raw material", "production");
var kind = oneOf("primary", "secondary", "supplier");
var category = oneOf(...CATEGORIES);
var ref = struct({ set: text, id: text });
var component = struct(
  { stage, name: text, subject: text, kind, quantity: text, unit: text, emissions: text },
  {
    factors: orElse(list(ref), []),
    footprint: orNull(text),
    overhead: orElse(flag, false),
    estimated: orElse(flag, false)
  }
);
var price = struct({ output: text, value: text, currency: text, source: text });
var allocation = struct(
  {},
  {
    method: orElse(oneOf("none", "mass", "economic"), "none"),
    reason: orElse(text, ""),
    subdivided: orElse(list(struct({ point: text, output: text })), []),
    shares: orElse(list(struct({ output: text, share: text })), [])
  }
);
var exempted = struct({}, { percent: orElse(text, "0"), reason: orElse(text, "") });
var product = struct(
  {},
  { cn_code: orNull(text), process: orNull(text), model: orNull(text), service_life_kwh_per_tonne: orNull(text) }
);
var shape3 = struct(
  {
    gtin: text,
    lot: text,
    facility: text,
    region: text,
    record: text,
    profile: struct({ id: text, version: text, sha256: text }),
    per_tonne: text,
    stages: list(struct({ stage, kind, emissions: text })),
    categories: list(struct({ category, emissions: text, counted: flag })),
    masses: list(struct({ category, gas: text, kg: text })),
    primary_data_share: text,
    allocation,
    exempted,
    excluded: list(text),
    flags: list(text),
    status: oneOf("provisional", "final")
  },
  {
    quality: orNull(struct({ technological: text, geographical: text, temporal: text })),
    product: orNull(product),
    functional: orNull(struct({ unit: text, emissions: text })),
    period: orNull(text),
    certificates: orElse(list(struct({ cancellation: text, first: text, last: text })), []),
    supersedes: orNull(text),
    prices: orNull(list(price)),
    components: orNull(list(component))
  }
);
var PLACES = 3;
var SHARE_PLACES = 4;
var MEMBERS = [
  "gtin",
  "lot",
  "facility",
  "region",
  "record",
  "profile",
  "per_tonne",
  "stages",
  "categories",
  "masses",
  "primary_data_share",
  "allocation",
  "exempted",
  "excluded",
  "flags",
  "status",
  "quality",
  "product",
  "functional",
  "period",
  "certificates",
  "supersedes",
  "prices",
  "components"
];
var lotOf = (footprint) => lot(footprint.gtin, footprint.lot);
function readFootprint(members) {
  const footprint = convert(members, shape3, "footprint");
  checkPrintable(footprint);
  lotOf(footprint);
  digest(footprint.record, "record");
  digest(footprint.profile.sha256, "profile.sha256");
  decimal(footprint.per_tonne, "per_tonne");
  decimal(footprint.primary_data_share, "primary_data_share");
  for (const { emissions } of footprint.stages) decimal(emissions, "stages.emissions");
  for (const { emissions } of footprint.categories) decimal(emissions, "categories.emissions");
  for (const { kg } of footprint.masses) decimal(kg, "masses.kg");
  for (const { share } of footprint.allocation.shares) decimal(share, "allocation.shares");
  if (footprint.functional) decimal(footprint.functional.emissions, "functional.emissions");
  for (const rating of Object.values(footprint.quality ?? {})) decimal(rating, "quality");
  for (const { emissions } of footprint.components ?? []) decimal(emissions, "components.emissions");
  if (footprint.period !== null) digest(footprint.period, "period");
  if (footprint.certificates.length > MAX_CERTIFICATES) throw new Malformed(`certificates: more than ${MAX_CERTIFICATES}`);
  for (const { cancellation, first, last } of footprint.certificates) {
    digest(cancellation, "certificates.cancellation");
    serial(first, "certificates.first");
    serial(last, "certificates.last");
  }
  return footprint;
}
function contradictions({ per_tonne: perTonne, stages, categories, primary_data_share: share }) {
  const total = decimal(perTonne, "per_tonne");
  const sums = [stages, categories.filter(({ counted: counted2 }) => counted2)].map((parts) => sum(parts.map(({ emissions }) => decimal(emissions, "emissions"))));
  const found = sums.filter((one) => one.compare(total) !== 0).map((one) => ["per_tonne", perTonne, exactText(one)]);
  const named4 = categories.map(({ category: name2 }) => name2).join(", ");
  if (named4 !== CATEGORIES.join(", ")) found.push(["categories", named4, CATEGORIES.join(", ")]);
  const stated = decimal(share, "primary_data_share");
  if (stated.compare(ZERO) < 0 || stated.compare(ONE) > 0) found.push(["primary_data_share", share, "0 to 1"]);
  return found;
}
var setsUsed = (footprint) => (footprint.components ?? []).flatMap(({ factors }) => factors.map(({ set }) => set));
function choicesOf(footprint) {
  const [factors, parents] = [/* @__PURE__ */ new Map(), /* @__PURE__ */ new Map()];
  for (const one of footprint.components ?? []) {
    const known2 = factors.get(one.subject);
    if (one.factors.length && known2 && JSON.stringify(known2) !== JSON.stringify(one.factors)) {
      throw new Malformed(`components: ${one.subject}: two factors for one thing`);
    }
    if (one.factors.length) factors.set(one.subject, one.factors);
    if (one.footprint && (parents.get(one.subject) ?? one.footprint) !== one.footprint) {
      throw new Malformed(`components: ${one.subject}: two footprints of one lot`);
    }
    if (one.footprint) parents.set(one.subject, one.footprint);
  }
  const { region, exempted: cut, product: facts, period, certificates, prices } = footprint;
  const { method, reason, subdivided } = footprint.allocation;
  const allocated = { method, reason, prices: prices ?? [], subdivided };
  return { region, factors, parents, allocation: allocated, exempted: cut, product: facts, period, certificates };
}

// backend/web/verify/report.js
var CHECKS = 11;
var [PASS, WARNING, NOT_CHECKED, PENDING, FAIL] = ["pass", "warning", "not checked", "not yet anchored", "fail"];
var WEIGHT = [PASS, WARNING, NOT_CHECKED, PENDING, FAIL];
var reasonOf = (error) => error instanceof Malformed ? error.message : "cannot be read";
var Check = class {
  findings = [];
  // Subject and params may quote what others signed: only what can be shown is kept.
  add(status2, code, subject2 = "", params = {}) {
    const shown = Object.entries(params).map(([name2, value]) => [name2, typeof value === "string" ? printable(value) : value]);
    this.findings.push({ status: status2, code, subject: printable(subject2), params: Object.fromEntries(shown) });
  }
  // Does `work`; whatever hostile bytes raise is a finding: nothing may stop the checks behind it.
  attempt(code, subject2, work) {
    try {
      return work();
    } catch (error) {
      this.add(FAIL, code, subject2, { reason: reasonOf(error) });
      return void 0;
    }
  }
  // That of its weightiest finding; a check that found nothing has checked nothing.
  get status() {
    const weights = this.findings.map((finding) => WEIGHT.indexOf(finding.status));
    return weights.length ? WEIGHT[weights.reduce((a, b) => Math.max(a, b))] : NOT_CHECKED;
  }
};
var newReport = () => Array.from({ length: CHECKS }, () => new Check());

// backend/web/verify/heads.js
var keyed = (about) => (reading, statement) => JSON.stringify([reading.maker(statement), ...about(statement.content)]);
var placeOfFootprint = keyed((stated) => [lotOf(stated), stated.profile.id]);
var placeOfDeclared = keyed(({ gtin, facility, method }) => [gtin, facility, method]);
var placeOfStage = keyed(({ of: of5, stage: stage2, name: name2 }) => [of5, stage2, name2]);
var placeOfOpinion = keyed(({ declared }) => [declared]);
function standing(reading, said3, placeOf) {
  const inOrder = [...said3.values()].sort((a, b) => a.index < b.index ? -1 : a.index > b.index ? 1 : 0);
  const placed = inOrder.map((statement) => [placeOf(reading, statement), statement]);
  const superseded = new Set(placed.map(([place, { content }]) => `${content.supersedes} ${place}`));
  const found = /* @__PURE__ */ new Map();
  for (const [place, statement] of placed) {
    if (!superseded.has(`${statement.id} ${place}`)) found.set(place, [...found.get(place) ?? [], statement]);
  }
  return found;
}
var standingFootprints = (reading) => standing(reading, reading.footprints, placeOfFootprint);
var standingDeclared = (reading) => standing(reading, reading.declared, placeOfDeclared);
var standingStages = (reading) => standing(reading, reading.stages, placeOfStage);
var standingOpinions = (reading) => standing(reading, reading.opinions, placeOfOpinion);
function isReplaced(reading, statement) {
  const replaces = (other) => other.content.supersedes === statement.id && other.content.record === statement.content.record && placeOfFootprint(reading, other) === placeOfFootprint(reading, statement);
  return [...reading.footprints.values()].some(replaces);
}
function checkHeads(reading) {
  const { footprints, declared, stages } = reading;
  for (const [said3, placeOf] of [[footprints, placeOfFootprint], [declared, placeOfDeclared], [stages, placeOfStage]]) {
    for (const statement of said3.values()) {
      const { supersedes } = statement.content;
      const before2 = said3.get(supersedes);
      const own = before2 && placeOf(reading, before2) === placeOf(reading, statement);
      if (!own && reading.isRead(supersedes)) reading.report[6].add(FAIL, "supersedes-elsewhere", statement.label);
    }
  }
}

// backend/web/verify/correction.js
var MAX_TEXT2 = 2e3;
var MAX_CHANGES = 20;
var shape4 = struct({
  gtin: text,
  lot: text,
  what: oneOf("record", "frames", "factor"),
  reason: text,
  by: text,
  changes: list(struct({ old: text, new: text }))
});
function readCorrection(body) {
  const found = convert(bodyContent(body), shape4, "correction");
  checkPrintable(found);
  found.of = lot(found.gtin, found.lot);
  for (const field of ["reason", "by"]) {
    const length = [...found[field].trim()].length;
    if (length < 1 || length > MAX_TEXT2) throw new Malformed(`${field}: not 1 to ${MAX_TEXT2} characters`);
  }
  const { changes } = found;
  if (!changes.length || changes.length > MAX_CHANGES) throw new Malformed(`changes: 1 to ${MAX_CHANGES} are allowed`);
  for (const change of changes) {
    digest(change.old, "changes.old");
    digest(change.new, "changes.new");
  }
  return found;
}
var words = ({ what, reason, by }) => ({ what, reason, by });
function naming(reading, statement) {
  const named4 = ({ content }) => content.changes.some((change) => change.new === statement.id);
  const found = [...reading.corrections.values()].find((given) => named4(given) && reading.maker(given) === reading.maker(statement));
  return found?.content ?? null;
}
function checkCorrected(reading) {
  for (const record of reading.lots()) {
    if (record.content.supersedes === null) continue;
    const said3 = naming(reading, record);
    if (said3) reading.report[6].add(WARNING, "lot-corrected", record.content.of, words(said3));
    else reading.report[6].add(WARNING, "correction-unstated", record.content.of);
  }
}
function checkCorrectedInputs(reading) {
  for (const { content: said3 } of reading.corrections.values()) {
    if (said3.of !== reading.bundle.lot) reading.report[9].add(WARNING, "input-lot-corrected", said3.of, words(said3));
  }
  const standing2 = standingFootprints(reading);
  for (const record of reading.used()) {
    for (const line4 of record.content.inputs ?? []) {
      if (parentOf(line4) && reading.footprints.has(line4.footprint)) compare2(reading, standing2, record, line4);
    }
  }
}
function compare2(reading, standing2, { content: record }, line4) {
  const used = reading.footprints.get(line4.footprint);
  const newest = standing2.get(placeOfFootprint(reading, used)).at(-1);
  if (newest.id === used.id || record.outputs === null) return;
  const [before2, after] = [used.content, newest.content];
  if (after.record === before2.record && naming(reading, newest) === null) return;
  const change = decimal(after.per_tonne, "per_tonne").minus(decimal(before2.per_tonne, "per_tonne"));
  const delta = rounded(change.times(amountOf(line4).to("t")).over(productMass(record)), PLACES);
  const params = { lot: lotOf(before2), before: before2.per_tonne, after: after.per_tonne };
  reading.report[9].add(WARNING, "input-changed", record.of, { ...params, delta: delta.startsWith("-") ? delta : `+${delta}` });
}

// backend/web/verify/declared.js
var declared_exports = {};
__export(declared_exports, {
  JWT_TYPE: () => JWT_TYPE3,
  WITHHELD: () => WITHHELD3,
  checkDeclaredCurrent: () => checkDeclaredCurrent,
  checkDeclaredRecomputed: () => checkDeclaredRecomputed,
  methodOf: () => methodOf,
  readDeclared: () => readDeclared
});
var WITHHELD3 = ["lots"];
var JWT_TYPE3 = "leafproof-declared-footprint+sd-jwt";
var PERCENT_PLACES = 2;
var DAY = 86400;
var YEAR = 365;
var MAX_PERIOD = 366;
var MAX_LOTS = 4e3;
var status = oneOf("provisional", "final");
var line = struct({ lot: text, footprint: text, mass: text, per_tonne: text, primary_data_share: text, status });
var shape5 = struct(
  {
    gtin: text,
    facility: text,
    start: text,
    end: text,
    method: text,
    size: whole,
    per_tonne: text,
    count: whole,
    mass: text,
    least: text,
    greatest: text,
    primary_data_share: text,
    status
  },
  { supersedes: orNull(text), lots: orNull(list(line)) }
);
var COMPUTED = ["per_tonne", "count", "mass", "least", "greatest", "primary_data_share", "status"];
function readDeclared(members) {
  const found = convert(members, shape5, "declared footprint");
  checkPrintable(found);
  if (lot(found.gtin, "-") !== `${found.gtin}/-`) throw new Malformed("gtin: not in its form of 14 digits");
  gln(found.facility, "facility");
  found.window = window2(found);
  for (const name2 of ["per_tonne", "mass", "least", "greatest", "primary_data_share"]) decimal(found[name2], name2);
  if (found.supersedes !== null) digest(found.supersedes, "supersedes");
  for (const one of found.lots ?? []) checkLine(one);
  if (found.lots) checkCodes(found.lots);
  return found;
}
function window2({ start, end }) {
  const [first, last] = [utcSeconds(start, "start"), utcSeconds(end, "end")];
  if (last <= first || last - first > MAX_PERIOD * DAY) {
    throw new Malformed(`end: a reference period has up to ${MAX_PERIOD} days, and ends after it starts`);
  }
  return [first, last];
}
function checkLine(one) {
  lotCode(one.lot);
  digest(one.footprint, "lots.footprint");
  if (decimal(one.mass, "lots.mass").compare(ZERO) <= 0) throw new Malformed(`lots.mass: ${one.lot}: ${one.mass} t is not positive`);
  decimal(one.per_tonne, "lots.per_tonne");
  decimal(one.primary_data_share, "lots.primary_data_share");
}
function checkCodes(lots) {
  if (!lots.length || lots.length > MAX_LOTS) throw new Malformed(`lots: 1 to ${MAX_LOTS} are allowed; declare shorter periods`);
  if (lots.some((one, i) => i && lots[i - 1].lot >= one.lot)) throw new Malformed("lots: not each once, sorted by lot code");
}
var covers = ({ gtin, facility, window: [start, end] }, record) => record.of.startsWith(`${gtin}/`) && record.facility === facility && start <= record.window[1] && record.window[1] < end;
function calculate({ lots }, over) {
  const masses = lots.map(({ mass: mass2 }) => decimal(mass2, "mass"));
  const emissions = lots.map(({ per_tonne }, i) => masses[i].times(decimal(per_tonne, "per_tonne")));
  const [mass, total] = [sum(masses), sum(emissions)];
  const primary = sum(lots.map(({ primary_data_share }, i) => emissions[i].times(decimal(primary_data_share, "share"))));
  const byValue = lots.map(({ per_tonne }) => per_tonne).sort(ascending);
  return {
    per_tonne: rounded(total.over(mass), PLACES),
    count: lots.length,
    mass: exactText(mass),
    least: byValue[0],
    greatest: byValue.at(-1),
    primary_data_share: rounded(total.compare(ZERO) > 0 ? primary.over(total) : ZERO, SHARE_PLACES),
    status: over && lots.every((one) => one.status === "final") ? "final" : "provisional"
  };
}
var ascending = (a, b) => decimal(a, "per_tonne").compare(decimal(b, "per_tonne")) || (a < b ? -1 : a > b ? 1 : 0);
var methodOf = ({ profile }) => `${profile.id} ${profile.version}`;
function deviation(perTonne, declared) {
  const base = decimal(declared, "per_tonne");
  if (!base.compare(ZERO)) return null;
  const ratio2 = decimal(perTonne, "per_tonne").over(base).minus(new Fraction(1n));
  const percent = rounded(ratio2.times(new Fraction(100n)), PERCENT_PLACES);
  return percent.startsWith("-") ? percent : `+${percent}`;
}
function checkDeclaredCurrent(reading) {
  const [check2, record] = [reading.report[6], reading.record(reading.bundle.lot)];
  for (const statement of reading.declared.values()) {
    const speaks = record && statement.log.name === record.log.name && covers(statement.content, record.content);
    if (!speaks) check2.add(FAIL, "declared-elsewhere", statement.label);
    else if (reading.maker(statement) !== reading.maker(record)) check2.add(FAIL, "declared-foreign", statement.label);
  }
  for (const several2 of standingDeclared(reading).values()) {
    several2.sort((a, b) => a.content.window[0] - b.content.window[0] || a.content.window[1] - b.content.window[1] || Number(a.index - b.index));
    for (const [i, statement] of several2.slice(1).entries()) {
      const { label, content } = several2[i];
      if (statement.content.window[0] < content.window[1]) check2.add(FAIL, "declared-fork", statement.label, { other: label });
    }
  }
}
function checkDeclaredRecomputed(reading) {
  const check2 = reading.report[8];
  for (const { label, index, content, issuedAt } of reading.declared.values()) {
    if (BigInt(content.size) !== BigInt(index)) check2.add(FAIL, "declared-size", label, { size: content.size, index });
    if (content.lots === null) check2.add(NOT_CHECKED, "withheld", label);
    else check2.attempt("not-computable", label, () => recompute(check2, label, content, issuedAt >= content.window[1]));
  }
  for (const statement of [...standingDeclared(reading).values()].flat()) {
    const { label, content } = statement;
    const days2 = Math.floor((content.window[1] - content.window[0]) / DAY);
    if (days2 < YEAR) check2.add(WARNING, "declared-short", label, { days: days2 });
    for (const printed2 of printedOf(reading)) {
      if (methodOf(printed2.content) === content.method) compare3(reading, statement, printed2);
    }
  }
}
function recompute(check2, label, stated, over) {
  const computed = calculate(stated, over);
  const differing2 = differences(COMPUTED, stated, computed);
  for (const params of differing2) check2.add(FAIL, "declared-differs", label, params);
  if (!differing2.length) check2.add(PASS, "declared-recomputed", label, { value: stated.per_tonne, count: stated.count });
}
function printedOf(reading) {
  const record = reading.record(reading.bundle.lot);
  return [...standingFootprints(reading).values()].flat().filter(({ content }) => record && content.record === record.id);
}
function compare3(reading, statement, printed2) {
  const [check2, { content: stated }, { content: footprint }] = [reading.report[8], statement, printed2];
  const lotName = lotOf(footprint);
  const percent = deviation(footprint.per_tonne, stated.per_tonne);
  if (percent !== null) {
    const [start, end] = [stated.start.slice(0, 10), stated.end.slice(0, 10)];
    check2.add(PASS, "lot-deviation", lotName, { percent, value: stated.per_tonne, count: stated.count, start, end });
  }
  if (stated.lots === null) return;
  const entry = statement.index;
  const found = stated.lots.find((one) => one.lot === footprint.lot);
  if (found?.footprint !== printed2.id) {
    if (BigInt(printed2.index) < BigInt(stated.size)) check2.add(FAIL, "declared-left-out", lotName, { entry });
    else check2.add(WARNING, "declared-outdated", lotName, { entry });
    return;
  }
  const record = reading.recordOf(printed2);
  if (!record?.content.outputs) return;
  const same = ["per_tonne", "primary_data_share", "status"].every((name2) => found[name2] === footprint[name2]);
  if (!same || found.mass !== exactText(productMass(record.content))) check2.add(FAIL, "declared-line", lotName, { entry });
}

// backend/web/verify/factors.js
var MAX_FACTORS = 2e3;
var factor = struct(
  {
    id: text,
    name: text,
    name_zh: text,
    category: oneOf("electricity", "fuel", "heat", "gas", "material", "freight"),
    subject: text,
    region: text,
    year: whole,
    value: text,
    unit: text,
    per: text,
    boundary: list(text),
    gases: list(text),
    gwp_set: orNull(text),
    kind: oneOf("primary", "secondary"),
    source: text,
    source_class: oneOf("primary-source", "secondary-source")
  },
  {
    url: orNull(text),
    licence_note: orNull(text),
    note: orNull(text),
    flow: orElse(oneOf(...CATEGORIES), CATEGORIES[0])
  }
);
var shape6 = struct({ id: text, version: text, title: text, factors: list(factor) });
function readFactors(body) {
  const set = convert(bodyContent(body), shape6, "factor set");
  checkPrintable(set);
  const { id, version, factors } = set;
  if (!factors.length || factors.length > MAX_FACTORS) throw new Malformed(`factors: 1 to ${MAX_FACTORS} are allowed`);
  const named4 = new Map(factors.map((one) => [one.id, one]));
  if (named4.size !== factors.length) throw new Malformed("factors: one id is given twice");
  for (const one of factors) {
    one.amount = decimal(one.value, `factors.${one.id}.value`);
    const sign = one.amount.compare(ZERO);
    if (one.flow === "biogenic uptake" ? sign > 0 : sign < 0) throw new Malformed(`factors.${one.id}.value: of the wrong sign`);
  }
  const get = (wanted2) => {
    if (!named4.has(wanted2)) throw new Malformed(`factor: '${wanted2.slice(0, 80)}' is not in ${id} ${version}`);
    return named4.get(wanted2);
  };
  return { get };
}

// backend/web/verify/label.js
var MAX_NAME3 = 128;
var MAX_TEXT3 = 2e3;
var MAX_PARTS = 50;
var ONE2 = new Fraction(1n);
var ACCEPTABLE = ["test report", "audit", "verification", "certificate"];
var MEMBERS2 = {
  footprint: ["profile", "at_most"],
  "primary share": ["profile", "at_least"],
  opinion: ["assurance"],
  "labelled inputs": ["scheme"],
  attested: ["text"]
};
var criterion = struct(
  { kind: oneOf(...Object.keys(MEMBERS2)) },
  {
    profile: orNull(text),
    at_most: orNull(text),
    at_least: orNull(text),
    assurance: orNull(oneOf("limited", "reasonable")),
    scheme: orNull(text),
    text: orNull(text)
  }
);
var shapes2 = {
  "label scheme": struct(
    { name: text, owner: text, title: text, categories: list(text), criteria: list(criterion) },
    { document: orNull(text) }
  ),
  accreditation: struct({
    scheme: text,
    certifier: text,
    by: text,
    number: text,
    categories: list(text),
    start: text,
    until: text
  }),
  label: struct({
    scheme: text,
    criteria: text,
    certifier: text,
    maker: text,
    gtin: text,
    lot: text,
    category: text,
    footprints: list(text),
    attested: list(struct({ criterion: text, evidence: text })),
    uses: list(text),
    markets: list(text),
    start: text,
    until: text
  }),
  "change of a label": struct({ label: text, status: oneOf("suspended", "valid", "revoked"), reason: text }),
  recognition: struct(
    {
      market: text,
      scheme: text,
      category: text,
      accepts: list(oneOf(...ACCEPTABLE)),
      start: text,
      until: text
    },
    { document: orNull(text) }
  )
};
var checks2 = {
  "label scheme": checkScheme,
  accreditation: checkAccreditation,
  label: checkLabel,
  "change of a label": checkChange,
  recognition: checkRecognition
};
var LABELLING = Object.keys(shapes2);
var [SCHEME, ACCREDITATION, LABEL, CHANGE, RECOGNITION] = LABELLING;
var registeredId = (name2) => hex(keccak_256(utf8(name2)));
var categoryId = (name2) => name2 ? registeredId(name2) : "0".repeat(64);
var acceptedWords = (accepted) => ACCEPTABLE.filter((_, bit) => accepted >> bit & 1).join(", ");
function readLabelling(body, kind2) {
  const found = convert(bodyContent(body), shapes2[kind2], "label statement");
  checkPrintable(found);
  checks2[kind2](found);
  if (found.until !== void 0) found.window = windowOf(found);
  if (kind2 === RECOGNITION) {
    found.accepted = [...new Set(found.accepts)].reduce((sum2, one) => sum2 + (1 << ACCEPTABLE.indexOf(one)), 0);
  }
  return found;
}
function checkScheme({ name: name2, owner, title, categories, criteria: criteria2, document: document2 }) {
  names("name", [name2]);
  names("categories", categories);
  party(owner, "owner");
  said2("title", title);
  several("categories", categories);
  several("criteria", criteria2.map((one) => JSON.stringify(one)));
  criteria2.forEach(checkCriterion);
  if (document2 !== null) digest(document2, "document");
}
function checkCriterion(one) {
  for (const name2 of ["profile", "at_most", "at_least", "assurance", "scheme", "text"]) {
    const value = one[name2];
    if (value !== null !== MEMBERS2[one.kind].includes(name2)) {
      throw new Malformed(`criteria.${name2}: ${value === null ? "is missing" : "is not this kind's"} (${one.kind})`);
    }
    if (value !== null) said2(`criteria.${name2}`, value);
  }
  if (one.at_most !== null) decimal(one.at_most, "criteria.at_most");
  if (one.at_least !== null) {
    const least = decimal(one.at_least, "criteria.at_least");
    if (least.compare(ZERO) < 0 || least.compare(ONE2) > 0) throw new Malformed("criteria.at_least: not from 0 to 1");
  }
}
function checkAccreditation({ scheme, certifier, by, number: number2, categories }) {
  names("scheme", [scheme]);
  names("categories", categories);
  party(certifier, "certifier");
  said2("by", by);
  said2("number", number2);
  if (categories.length > MAX_PARTS) throw new Malformed(`categories: more than ${MAX_PARTS}`);
}
function checkLabel(found) {
  names("scheme", [found.scheme]);
  names("category", [found.category]);
  names("markets", found.markets);
  for (const field of ["certifier", "maker"]) party(found[field], field);
  found.of = lot(found.gtin, found.lot);
  for (const [field, ids] of [["criteria", [found.criteria]], ["footprints", found.footprints], ["uses", found.uses]]) {
    for (const one of ids) digest(one, field);
  }
  for (const field of ["footprints", "attested", "uses", "markets"]) {
    if (found[field].length > MAX_PARTS) throw new Malformed(`${field}: more than ${MAX_PARTS}`);
  }
  for (const one of found.attested) {
    said2("attested.criterion", one.criterion);
    said2("attested.evidence", one.evidence);
  }
}
function checkChange({ label, reason }) {
  digest(label, "label");
  said2("reason", reason);
}
function checkRecognition({ market, scheme, category: category2, accepts, document: document2 }) {
  names("market", [market]);
  names("scheme", [scheme]);
  if (category2) names("category", [category2]);
  several("accepts", accepts);
  if (document2 !== null) digest(document2, "document");
}
function windowOf({ start, until }) {
  const window3 = [utcSeconds(start, "start"), utcSeconds(until, "until")];
  if (window3[1] <= window3[0]) throw new Malformed("until: not after the start");
  return window3;
}
function names(field, several2) {
  for (const one of several2) {
    const { length } = utf8(one);
    if (length < 1 || length > MAX_NAME3) throw new Malformed(`${field}: not 1 to ${MAX_NAME3} bytes`);
  }
}
function said2(field, value) {
  const length = [...value.trim()].length;
  if (length < 1 || length > MAX_TEXT3) throw new Malformed(`${field}: not 1 to ${MAX_TEXT3} characters`);
}
function several(field, parts) {
  if (parts.length < 1 || parts.length > MAX_PARTS || new Set(parts).size < parts.length) {
    throw new Malformed(`${field}: not 1 to ${MAX_PARTS} different ones`);
  }
}
function words2({ kind: kind2, profile, at_most: most, at_least: least, assurance, scheme, text: own }) {
  if (kind2 === "footprint") return `at most ${most} kg CO2e per tonne by ${profile}`;
  if (kind2 === "primary share") return `primary data share at least ${least} by ${profile}`;
  if (kind2 === "opinion") return `an opinion of ${assurance} assurance or above`;
  return kind2 === "labelled inputs" ? `inputs labelled by ${scheme}` : own;
}
function evaluate(one, { footprints, assurances, attested, labelled }) {
  if (one.kind === "opinion") {
    const met = assurances.includes(one.assurance) || assurances.includes("reasonable");
    return { met, found: [...new Set(assurances)].sort().join(", ") || "none" };
  }
  if (one.kind === "labelled inputs") return told2(labelled.has(one.scheme), "all", "not all");
  if (one.kind === "attested") return told2(attested.includes(one.text), "attested", "not attested");
  const printed2 = footprints.get(one.profile);
  if (!printed2) return { met: null, found: `no footprint by ${one.profile}` };
  const found = one.kind === "footprint" ? printed2.per_tonne : printed2.primary_data_share;
  const compared = decimal(found, "found").compare(decimal(one.at_most ?? one.at_least, "bound"));
  return { met: one.kind === "footprint" ? compared <= 0 : compared >= 0, found };
}
var told2 = (met, good, otherwise) => ({ met, found: met ? good : otherwise });

// backend/web/verify/lifecycle.js
var MAX_LINES2 = 100;
var MAX_TEXT4 = 500;
var TRANSPORT = "t.km";
var optional = {
  quantity: orNull(text),
  unit: orNull(text),
  distance_km: orNull(text),
  factor: orNull(struct({ set: text, id: text })),
  stated: orNull(text),
  source: orNull(text)
};
var line2 = struct({ name: text, emissions: text }, optional);
var shape7 = struct(
  {
    gtin: text,
    lot: text,
    stage: oneOf("logistics", "installation", "use", "recycling"),
    basis: oneOf("measured", "supplier-stated", "scenario"),
    name: text,
    assumptions: text,
    tonnes: text,
    lines: list(line2),
    per_tonne: text
  },
  { supersedes: orNull(text) }
);
function readStage(body) {
  const found = convert(bodyContent(body), shape7, "life-cycle stage");
  checkPrintable(found);
  found.of = lot(found.gtin, found.lot);
  if (found.supersedes !== null) digest(found.supersedes, "supersedes");
  for (const field of ["name", "assumptions"]) {
    const length = [...found[field].trim()].length;
    if (length < 1 || length > MAX_TEXT4) throw new Malformed(`${field}: not 1 to ${MAX_TEXT4} characters`);
  }
  if (decimal(found.tonnes, "tonnes").compare(ZERO) <= 0) throw new Malformed("tonnes: not positive");
  decimal(found.per_tonne, "per_tonne");
  if (!found.lines.length || found.lines.length > MAX_LINES2) throw new Malformed(`lines: 1 to ${MAX_LINES2} are allowed`);
  for (const one of found.lines) checkLine2(one, found.basis);
  return found;
}
function checkLine2(one, basis) {
  const counted2 = [one.quantity, one.unit, one.factor];
  if (one.stated === null === counted2.includes(null)) {
    throw new Malformed(`lines: ${one.name}: either quantity, unit and factor, or a stated number`);
  }
  if (one.stated !== null) {
    if ([...counted2, one.distance_km].some((value) => value !== null) || !(one.source ?? "").trim()) {
      throw new Malformed(`lines.stated: ${one.name}: stands alone, with its source`);
    }
    if (basis === "measured") throw new Malformed(`lines.stated: ${one.name}: a stated number is no measurement`);
    checkCredit(one, decimal(one.stated, "lines.stated"), basis);
    return;
  }
  for (const field of ["quantity", "distance_km"]) {
    if (one[field] !== null && decimal(one[field], `lines.${field}`).compare(ZERO) < 0) {
      throw new Malformed(`lines.${field}: ${one.name}: negative`);
    }
  }
}
function checkCredit({ name: name2 }, emissions, basis) {
  if (emissions.compare(ZERO) < 0 && basis !== "scenario") {
    throw new Malformed(`lines: ${name2}: a credit is a scenario, and nothing else`);
  }
}
function emitted(one, factorOf) {
  if (one.stated !== null) return decimal(one.stated, "lines.stated");
  const used = factorOf(one.factor);
  if (used.unit !== "kg CO2e" && used.unit !== "kg CO2") throw new Malformed(`factor: ${used.id} is in ${used.unit}, not in kg CO2e`);
  if (used.per === TRANSPORT !== (one.distance_km !== null)) {
    throw new Malformed(`lines.distance_km: ${one.name}: goes with a factor per ${TRANSPORT}, and no other`);
  }
  const amount = quantity2(one.quantity, one.unit, "lines.quantity");
  if (one.distance_km === null) return amount.to(used.per).times(used.amount);
  return amount.to("t").times(decimal(one.distance_km, "lines.distance_km")).times(used.amount);
}
function calculate2({ lines, tonnes: tonnes3, basis }, factorOf) {
  const mass = decimal(tonnes3, "tonnes");
  const exact = lines.map((one) => emitted(one, factorOf));
  for (const [i, one] of lines.entries()) checkCredit(one, exact[i], basis);
  return apportioned(exact.map((emissions) => emissions.over(mass)), PLACES);
}
function checkStages(reading) {
  const [check2, own] = [reading.report[8], reading.bundle.lot];
  const record = reading.record(own);
  const misplaced = (statement) => {
    if (!record || statement.content.of !== own) return "stage-elsewhere";
    return reading.maker(statement) !== reading.maker(record) ? "stage-foreign" : null;
  };
  for (const statement of reading.stages.values()) {
    const code = misplaced(statement);
    if (code) check2.add(FAIL, code, statement.label);
  }
  for (const several2 of standingStages(reading).values()) {
    const attached = several2.filter((statement) => !misplaced(statement));
    for (const { label } of attached.slice(1)) check2.add(FAIL, "stage-fork", label, { other: attached[0].label });
    for (const statement of attached) check2.attempt("not-computable", statement.label, () => recompute2(reading, statement));
  }
}
function recompute2(reading, { label, content: stated }) {
  const check2 = reading.report[8];
  const { parts, total } = calculate2(stated, (ref2) => reading.factor(ref2));
  if (total !== stated.per_tonne || parts.some((part, i) => part !== stated.lines[i].emissions)) {
    check2.add(FAIL, "stage-differs", label, { stated: stated.per_tonne, computed: total });
    return;
  }
  const params = { stage: stated.stage, name: stated.name, value: stated.per_tonne };
  check2.add(WARNING, `stage-${stated.basis}`, label, params);
}

// backend/web/verify/opinion.js
var MAX_TEXT5 = 2e3;
var SUPPORTING = ["unmodified", "modified"];
var HUNDRED = new Fraction(100n);
var shape8 = struct(
  {
    declared: text,
    gtin: text,
    facility: text,
    method: text,
    per_tonne: text,
    verifier: text,
    accreditation: struct({ body: text, number: text }),
    standard: text,
    criteria: text,
    assurance: oneOf("limited", "reasonable"),
    scope: text,
    start: text,
    end: text,
    materiality: text,
    conclusion: oneOf("unmodified", "modified", "adverse", "disclaimed", "withdrawn")
  },
  { reason: orNull(text), supersedes: orNull(text) }
);
function readOpinion(body) {
  const found = convert(bodyContent(body), shape8, "opinion");
  checkPrintable(found);
  digest(found.declared, "declared");
  if (found.supersedes !== null) digest(found.supersedes, "supersedes");
  found.window = [utcSeconds(found.start, "start"), utcSeconds(found.end, "end")];
  if (found.window[1] <= found.window[0]) throw new Malformed("end: the period does not end after it starts");
  decimal(found.per_tonne, "per_tonne");
  const materiality = decimal(found.materiality, "materiality");
  if (materiality.compare(ZERO) < 0 || materiality.compare(HUNDRED) > 0) {
    throw new Malformed("materiality: not a percentage from 0 to 100");
  }
  for (const [field, said3] of texts(found)) {
    const length = [...said3.trim()].length;
    if (length < 1 || length > MAX_TEXT5) throw new Malformed(`${field}: not 1 to ${MAX_TEXT5} characters`);
  }
  return found;
}
var texts = ({ verifier, standard, criteria: criteria2, scope: scope2, accreditation, conclusion, reason }) => [
  ["verifier", verifier],
  ["standard", standard],
  ["criteria", criteria2],
  ["scope", scope2],
  ["accreditation.body", accreditation.body],
  ["accreditation.number", accreditation.number],
  ...conclusion === "unmodified" ? [] : [["reason", reason ?? ""]]
];
function differing(said3, declared) {
  for (const name2 of ["gtin", "facility", "method", "per_tonne"]) if (said3[name2] !== declared[name2]) return name2;
  if (said3.window[0] > declared.window[0]) return "start";
  return said3.window[1] < declared.window[1] ? "end" : null;
}
function checkOpinions(reading) {
  const inForce = new Set([...standingDeclared(reading).values()].flat().map(({ id }) => id));
  for (const [first, ...more] of standingOpinions(reading).values()) {
    for (const { label } of more) reading.report[10].add(FAIL, "opinion-fork", label, { other: first.label });
    for (const statement of [first, ...more]) judge(reading, inForce, statement);
  }
}
function judge(reading, inForce, statement) {
  const { label, issuer, content: said3 } = statement;
  const add2 = (status2, code, params = {}) => reading.report[10].add(status2, code, label, params);
  const named4 = reading.declared.get(said3.declared);
  if (!named4) return add2(FAIL, "opinion-elsewhere");
  if (reading.maker(statement) === reading.maker(named4)) return add2(FAIL, "opinion-own");
  const part = differing(said3, named4.content);
  if (part) return add2(FAIL, "opinion-differs", { part });
  const who = { verifier: said3.verifier, issuer };
  const { conclusion, assurance, standard, materiality } = said3;
  if (!SUPPORTING.includes(conclusion)) return add2(WARNING, "opinion-against", { conclusion, reason: said3.reason ?? "", ...who });
  if (!inForce.has(named4.id)) return add2(WARNING, "opinion-outdated", who);
  const accreditation = `${said3.accreditation.body} ${said3.accreditation.number}`;
  reading.assurances.push(assurance);
  add2(PASS, "opinion-given", { assurance, standard, accreditation, ...who, materiality });
  if (conclusion === "modified") add2(WARNING, "opinion-modified", { reason: said3.reason, ...who });
  if (!reading.trust.verifiers.includes(issuer)) add2(WARNING, "opinion-unknown", who);
  const shown = reading.shown();
  if (!shown || methodOf(shown.content) !== said3.method) add2(WARNING, "opinion-beside", { method: said3.method });
  return void 0;
}

// backend/web/verify/period.js
var PLACES2 = 3;
var MAX_LOTS2 = 1e5;
var MAX_INVOICES = 200;
var HUNDRED2 = new Fraction(100n);
var ONE3 = new Fraction(1n);
var shape9 = struct(
  {
    facility: text,
    start: text,
    end: text,
    balances: list(struct({ carrier: text, unit: text, metered: text, in_lots: text }, { estimated: orNull(text) })),
    lots: list(struct({ record: text, tonnes: text, overhead: list(text) }))
  },
  {
    meters: list(struct({ point: text, unit: text, metered: text, sub_meters: text })),
    invoices: list(struct({ carrier: text, quantity: text, unit: text, document: text })),
    supersedes: orNull(text)
  }
);
function readPeriod(body) {
  const period = convert(bodyContent(body), shape9, "energy period");
  checkPrintable(period);
  const { start, end, balances, lots } = period;
  if (utcSeconds(end, "end") <= utcSeconds(start, "start")) {
    throw new Malformed(`end: the period ends at ${end}, not after it starts at ${start}`);
  }
  gln(period.facility, "facility");
  const named4 = new Map(lots.map((lot2) => [lot2.record, lot2]));
  if (!lots.length || lots.length > MAX_LOTS2 || named4.size !== lots.length) throw new Malformed(`lots: not 1 to ${MAX_LOTS2}, each once`);
  if (new Set(balances.map(({ carrier: carrier2 }) => carrier2)).size !== balances.length) throw new Malformed("balances: one carrier is given twice");
  for (const balance of balances) balance.read = readOf(balance);
  for (const { record } of lots) digest(record, "lots.record");
  checkReconciled(period);
  const expected2 = shareOut(balances, lots.map(tonnesOf));
  if (lots.some(({ overhead }, i) => JSON.stringify(overhead) !== JSON.stringify(expected2[i]))) {
    throw new Malformed("lots.overhead: the shares are not those of the lots' tonnes, or do not add up");
  }
  period.of = (record) => {
    if (!named4.has(record)) throw new Malformed("period: the energy period does not have the lot's record");
    return balances.map((balance, i) => ({ ...balance, quantity: named4.get(record).overhead[i] }));
  };
  return period;
}
function outsideOf({ unit, metered, in_lots: inLots }) {
  const outside = decimal(metered, "metered").minus(decimal(inLots, "in_lots"));
  if (outside.compare(ZERO) < 0) throw new Malformed(`in_lots: lots count ${inLots} ${unit}, ${metered} came in`);
  return outside;
}
function readOf(balance) {
  const [outside, estimated2] = [outsideOf(balance), decimal(balance.estimated ?? "0", "balances.estimated")];
  if (estimated2.compare(ZERO) < 0 || estimated2.compare(outside) > 0) {
    throw new Malformed("balances.estimated: more than is outside runs, or less than nothing");
  }
  return outside.compare(ZERO) > 0 ? ONE3.minus(estimated2.over(outside)) : ONE3;
}
function checkReconciled(period) {
  period.meters ??= [];
  period.invoices ??= [];
  const { meters, invoices, balances } = period;
  if (new Set(meters.map(({ point: point2 }) => point2)).size !== meters.length || invoices.length > MAX_INVOICES) {
    throw new Malformed(`meters: one point is given twice, or more than ${MAX_INVOICES} invoices`);
  }
  for (const one of meters) {
    known(one.unit);
    one.difference = decimal(one.metered, "meters.metered").minus(decimal(one.sub_meters, "meters.sub_meters"));
  }
  for (const { carrier: carrier2, quantity: amount, unit, document: document2 } of invoices) {
    const balance = balances.find((one) => one.carrier === carrier2);
    if (!balance) throw new Malformed(`invoices.carrier: ${carrier2.slice(0, 40)} has no balance`);
    if (quantity2(amount, unit, "invoices.quantity").to(balance.unit).compare(ZERO) <= 0) {
      throw new Malformed(`invoices.quantity: ${amount} is not positive`);
    }
    digest(document2, "invoices.document");
  }
}
var within2 = ({ metered, difference }, tolerance) => difference.magnitude().times(HUNDRED2).compare(decimal(tolerance, "tolerance").times(decimal(metered, "metered").magnitude())) <= 0;
var invoiced = ({ balances, invoices }) => balances.flatMap((balance) => {
  const own = invoices.filter(({ carrier: carrier2 }) => carrier2 === balance.carrier);
  const sums = own.map(({ quantity: amount, unit }) => quantity2(amount, unit).to(balance.unit));
  return own.length ? [[balance, rounded(sum(sums), PLACES2)]] : [];
});
function allowed(plan, { carrier: carrier2, metered }) {
  const stated = plan.points.filter((one) => one.carrier === carrier2 && one.parent === null && one.kind !== "value" && one.tolerance !== null);
  const percents = stated.map(({ tolerance }) => decimal(tolerance, "tolerance"));
  const largest = percents.reduce((a, b) => a.compare(b) < 0 ? b : a, ZERO);
  return largest.times(decimal(metered, "metered")).over(HUNDRED2);
}
function tonnesOf({ tonnes: tonnes3 }) {
  const found = decimal(tonnes3, "lots.tonnes");
  if (found.compare(ZERO) <= 0) throw new Malformed("lots.tonnes: not positive");
  return found;
}
function shareOut(balances, tonnes3) {
  const whole3 = sum(tonnes3);
  const columns = balances.map((balance) => {
    const outside = outsideOf(balance);
    if (outside.times(new Fraction(1000n)).denominator !== 1n) throw new Malformed(`metered: ${balance.unit}: more than three places`);
    return apportioned(tonnes3.map((one) => outside.times(one).over(whole3)), PLACES2).parts;
  });
  return tonnes3.map((_, i) => columns.map((column) => column[i]));
}

// backend/web/verify/carriers.js
var ELECTRICITY = "electricity";
var GOODS = "goods";
var PUBLISHED = { energy: "GJ", mass: "kg", "gas volume": "Nm3" };
var FUELS = [
  "anthracite",
  "biogas",
  "blast-furnace-gas",
  "coke-oven-coke",
  "coke-oven-gas",
  "coking-coal",
  "converter-gas",
  "diesel",
  "hydrogen",
  "lignite",
  "lpg",
  "motor-gasoline",
  "natural-gas",
  "other-bituminous-coal",
  "residual-fuel-oil",
  "sub-bituminous-coal",
  "wood-pellets"
];
var GASES = [
  "co2",
  "ch4",
  "n2o",
  "sf6",
  "nf3",
  "cf4",
  "c2f6",
  "hfc23",
  "hfc32",
  "hfc125",
  "hfc134a",
  "hfc143a",
  "r404a",
  "r407c",
  "r410a"
];
var carrier = (category2, ...dimensions) => ({ category: category2, dimensions });
var CARRIERS = new Map([
  [ELECTRICITY, carrier("electricity", "energy")],
  ...FUELS.map((name2) => [name2, carrier("fuel", "energy", "mass")]),
  ["heat", carrier("heat", "energy")],
  ["steam", carrier("heat", "energy")],
  ["cold", carrier("heat", "energy")],
  ["compressed-air", carrier("heat", "gas volume", "energy")],
  ...GASES.map((name2) => [`emitted-${name2}`, carrier("gas", "mass")])
]);
function carrierOf(name2) {
  const found = CARRIERS.get(name2);
  if (!found) throw new Malformed(`carrier: unknown carrier '${name2.slice(0, 40)}'; known: ${[...CARRIERS.keys()].join(", ")}`);
  return found;
}
function publishedUnit(name2, dimension2) {
  const { dimensions } = carrierOf(name2);
  if (!dimensions.includes(dimension2)) throw new Malformed(`carrier: ${name2} is counted as ${dimensions.join(" or ")}, not as ${dimension2}`);
  return name2 === ELECTRICITY ? "kWh" : PUBLISHED[dimension2];
}

// backend/web/verify/plan.js
var DAY2 = 86400;
var MAX_POINTS = 4096;
var MAX_CONVERSIONS = 4;
var MIN_EQUAL = 2;
var MAX_EQUAL = 1e4;
var MAX_REPLACED = 50;
var HUNDRED3 = new Fraction(100n);
var RATIOS = {
  "calorific value": [["energy"], ["gas volume", "volume", "mass"]],
  enthalpy: [["energy"], ["mass"]],
  density: [["mass"], ["gas volume", "volume"]],
  concentration: [["mass", "gas volume"], ["gas volume", "mass"]],
  "net to gross": [["energy"], ["energy"]]
};
var WITH_BASIS = ["calorific value", "net to gross"];
var BASIS = oneOf("net", "gross");
var conversion = struct(
  { quantity: oneOf("calorific value", "enthalpy", "density", "concentration", "net to gross"), unit: text, source: text },
  { value: orNull(text), point: orNull(text), basis: orNull(BASIS), conditions: orNull(text) }
);
var replacement = struct({ time: text, final: text, initial: text });
var plausible = struct({ source: text }, { minimum: orNull(text), maximum: orNull(text), frozen_after: orNull(whole) });
var estimates = struct({ method: oneOf("neighbours"), up_to_seconds: whole, source: text });
var point = struct(
  {
    point: text,
    line: orNull(text),
    carrier: text,
    kind: oneOf("interval", "register", "weight", "value"),
    names: oneOf("end", "start"),
    interval_seconds: whole,
    unit: text,
    resolution: text,
    gateway: text,
    parent: orNull(text),
    meter: text,
    accuracy_class: text,
    heartbeat_seconds: whole
  },
  {
    basis: orNull(BASIS),
    conversions: list(conversion),
    tolerance: orNull(text),
    replaced: list(replacement),
    plausible: orNull(plausible),
    estimates: orNull(estimates)
  }
);
var shape10 = struct({ facility: text, zone: text, version: whole, valid_from: text, points: list(point) });
function readPlan(body) {
  const plan = convert(bodyContent(body), shape10, "metering plan");
  checkPrintable(plan);
  gln(plan.facility, "facility");
  checkZone(plan.zone);
  plan.validFrom = utcSeconds(plan.valid_from, "valid_from");
  if (!plan.points.length || plan.points.length > MAX_POINTS) throw new Malformed(`points: 1 to ${MAX_POINTS} are allowed`);
  const named4 = new Map(plan.points.map((one) => [one.point, one]));
  if (named4.size !== plan.points.length) throw new Malformed("points: one name is given twice");
  for (const one of plan.points) checkPlaced(one, named4);
  checkCarriers(plan.points);
  return plan;
}
function checkPlaced(one, named4) {
  checkPoint(one);
  if (one.parent !== null && !named4.has(one.parent)) throw new Malformed(`points.parent: ${one.parent} is no point of this plan`);
  checkNesting(one, named4);
  for (const { point: name2, unit } of one.conversions) {
    if (name2 === null) continue;
    const reader = named4.get(name2);
    if (reader?.kind !== "value" || reader.carrier !== one.carrier) {
      throw new Malformed(`conversions.point: ${name2} reads no value of ${one.carrier}`);
    }
    scale(reader.unit, unit);
  }
}
var counts = ({ kind: kind2, carrier: carrier2 }) => kind2 !== "value" && carrier2 !== GOODS;
function checkPoint(one) {
  one.conversions ??= [];
  pointName(one.point);
  digest(one.gateway, "points.gateway");
  dimension(one.unit);
  decimal(one.resolution, "points.resolution");
  if (one.interval_seconds < 1 || one.interval_seconds > DAY2 || DAY2 % Number(one.interval_seconds)) {
    throw new Malformed("points.interval_seconds: not a whole part of a day");
  }
  if (one.conversions.length > MAX_CONVERSIONS) throw new Malformed(`points.conversions: more than ${MAX_CONVERSIONS}`);
  for (const step2 of one.conversions) checkConversion(step2);
  if (one.tolerance !== null) {
    const percent = decimal(one.tolerance, "points.tolerance");
    if (percent.compare(ZERO) < 0 || percent.compare(HUNDRED3) > 0) {
      throw new Malformed(`points.tolerance: ${one.tolerance} is not a percentage from 0 to 100`);
    }
  }
  checkReplaced(one);
  if (one.plausible) checkPlausible(one);
  if (one.estimates) checkEstimates(one);
  if (one.kind === "weight" && (Number(one.interval_seconds) !== 1 || one.names !== "end")) {
    throw new Malformed(`points.interval_seconds: ${one.point}: a weighing takes 1 second, named by its end`);
  }
  if (one.carrier === GOODS && (one.kind !== "weight" || dimension(one.unit) !== "mass")) {
    throw new Malformed(`points.carrier: ${one.point}: goods are weighed, in a unit of mass`);
  }
  if (counts(one)) published2(one);
  else if (one.line || one.parent || one.conversions.length || one.basis || one.tolerance) {
    throw new Malformed(`points.line: ${one.point}: it counts no carrier, and is on no line`);
  } else if (one.kind === "value") carrierOf(one.carrier);
}
function checkReplaced({ point: name2, kind: kind2, replaced }) {
  const moments = (replaced ?? []).map(({ time, final, initial }) => {
    decimal(final, "replaced.final");
    decimal(initial, "replaced.initial");
    return utcSeconds(time, "replaced.time");
  });
  if (moments.length && (kind2 !== "register" || moments.length > MAX_REPLACED)) {
    throw new Malformed(`points.replaced: for a register alone, and at most ${MAX_REPLACED}`);
  }
  if (moments.some((moment, i) => i && moments[i - 1] >= moment)) throw new Malformed(`points.replaced: ${name2}: not in order of time`);
}
function checkPlausible({ point: name2, kind: kind2, plausible: { source: source2, minimum, maximum, frozen_after: equal2 } }) {
  const low = minimum === null ? null : decimal(minimum, "plausible.minimum");
  const high = maximum === null ? null : decimal(maximum, "plausible.maximum");
  if (low && high && low.compare(high) > 0) throw new Malformed(`plausible.minimum: ${minimum} is more than ${maximum}`);
  if (equal2 !== null && (equal2 < MIN_EQUAL || equal2 > MAX_EQUAL)) {
    throw new Malformed(`plausible.frozen_after: ${MIN_EQUAL} to ${MAX_EQUAL} are allowed`);
  }
  if (!low && !high && equal2 === null) throw new Malformed("plausible: it states neither a range nor a number of equal readings");
  if (!source2.trim()) throw new Malformed("plausible.source: by what is it known?");
  if (kind2 === "weight") throw new Malformed(`points.plausible: ${name2}: not for weighings, which are lines of a record`);
}
function checkEstimates({ point: name2, kind: kind2, interval_seconds: step2, estimates: { up_to_seconds: most, source: source2 } }) {
  if (most < step2 || most > DAY2) throw new Malformed("estimates.up_to_seconds: less than one interval, or more than a day");
  if (!source2.trim()) throw new Malformed("estimates.source: by which procedure?");
  if (kind2 !== "interval" && kind2 !== "value") throw new Malformed(`points.estimates: ${name2}: not for registers and scales`);
}
function estimatesOf(plan, name2) {
  const found = plan.points.find((one) => one.point === name2);
  const readers = found ? [name2, ...found.conversions.map((step2) => step2.point)] : [];
  return plan.points.filter((one) => readers.includes(one.point) && one.estimates).map((one) => one.estimates);
}
function checkConversion(step2) {
  const [above, below] = ratio(step2.unit);
  if (!above) throw new Malformed(`conversions.unit: '${step2.unit.slice(0, 20)}' is no ratio such as MJ/Nm3`);
  const [over, under] = RATIOS[step2.quantity];
  if (!over.includes(dimension(above)) || !under.includes(dimension(below))) {
    throw new Malformed(`conversions.unit: a ${step2.quantity} is not in ${step2.unit}`);
  }
  if (step2.value === null === (step2.point === null)) {
    throw new Malformed(`conversions.value: ${step2.quantity}: either a value or a point that reads it`);
  }
  if (step2.value !== null && decimal(step2.value, "conversions.value").compare(ZERO) <= 0) {
    throw new Malformed(`conversions.value: ${step2.value} is not positive`);
  }
  if (step2.basis !== null !== WITH_BASIS.includes(step2.quantity)) {
    throw new Malformed(`conversions.basis: ${step2.quantity}: net or gross is for calorific values alone`);
  }
  if (step2.quantity === "enthalpy" && !(step2.conditions ?? "").trim()) {
    throw new Malformed(`conversions.conditions: ${step2.quantity}: of which state?`);
  }
  if (!step2.source.trim()) throw new Malformed(`conversions.source: ${step2.quantity}: by whom, or from which table?`);
}
function published2(one) {
  let { unit, basis } = one;
  for (const step2 of one.conversions) {
    const [above, below] = ratio(step2.unit);
    scale(unit, below);
    if (step2.quantity === "net to gross" && basis === step2.basis) {
      throw new Malformed(`conversions.basis: ${one.point}: it is ${basis} already`);
    }
    unit = above;
    basis = step2.basis ?? basis;
  }
  const last = dimension(unit);
  const found = publishedUnit(one.carrier, last);
  const burnt = carrierOf(one.carrier).category === "fuel" && last === "energy";
  if (basis === null === burnt) throw new Malformed(`basis: ${one.point}: energy of fuels is net or gross, and nothing else is`);
  return `${found} ${basis}`;
}
function checkCarriers(points) {
  const known2 = /* @__PURE__ */ new Map();
  for (const one of points.filter(counts)) {
    const found = published2(one);
    if ((known2.get(one.carrier) ?? found) !== found) {
      throw new Malformed(`points.conversions: ${one.point}: elsewhere ${one.carrier} is in another unit, or on another basis`);
    }
    known2.set(one.carrier, found);
  }
}
function checkNesting(one, named4) {
  let above = one.parent;
  for (let steps = 0; steps < named4.size && above !== null; steps++) {
    const parent = named4.get(above);
    if (!counts(parent) || parent.carrier !== one.carrier) {
      throw new Malformed(`points.parent: ${parent.point} does not meter ${one.carrier}`);
    }
    if (one.line !== null && parent.line !== null) {
      throw new Malformed(`points.line: ${one.point} is metered by ${parent.point} as well, and both are on a line`);
    }
    above = parent.parent;
  }
  if (above !== null) throw new Malformed(`points.parent: ${one.point} hangs on itself`);
}

// backend/web/verify/tree.js
var EMPTY_ROOT = sha256(new Uint8Array());
var MAX_PROOF = 64;
function tagged(tag2, ...parts) {
  const hash = sha256.create().update(Uint8Array.of(tag2));
  for (const part of parts) hash.update(part);
  return hash.digest();
}
var leafHash = (entry) => tagged(0, entry);
var nodeHash = (left, right) => tagged(1, left, right);
function rootFromPath(leaf, index, size, path) {
  if (path.length > MAX_PROOF || !path.every((hash) => isBytes(hash, 32))) {
    throw new Malformed("the inclusion proof is not made of hashes");
  }
  let fn = BigInt(index);
  let sn = BigInt(size) - 1n;
  if (fn > sn) throw new Malformed(`a log of ${size} entries has no entry ${index}`);
  let node = leaf;
  for (const sibling of path) {
    if (sn === 0n) throw new Malformed("the inclusion proof is too long");
    if (fn & 1n || fn === sn) {
      node = nodeHash(sibling, node);
      while (!(fn & 1n) && fn) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      node = nodeHash(node, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw new Malformed("the inclusion proof is too short");
  return node;
}
function checkConsistency(old, oldRoot, size, root, proof) {
  const refuse2 = () => new Malformed("the consistency proof does not lead from the old root to the new one");
  const [first, last] = [BigInt(old), BigInt(size)];
  if (first > last || proof.length > MAX_PROOF || !proof.every((hash) => isBytes(hash, 32))) throw refuse2();
  if (first === 0n || first === last) {
    if (proof.length || !equal(oldRoot, first === last ? root : EMPTY_ROOT)) throw refuse2();
    return;
  }
  const path = first & first - 1n ? [...proof] : [oldRoot, ...proof];
  if (!path.length) throw refuse2();
  let [fn, sn] = [first - 1n, last - 1n];
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [left, right] = [path[0], path[0]];
  for (const sibling of path.slice(1)) {
    if (sn === 0n) throw refuse2();
    if (fn & 1n || fn === sn) {
      ;
      [left, right] = [nodeHash(sibling, left), nodeHash(sibling, right)];
      while (!(fn & 1n) && fn) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      right = nodeHash(right, sibling);
    }
    ;
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  if (sn !== 0n || !equal(left, oldRoot) || !equal(right, root)) throw refuse2();
}

// backend/web/verify/statement.js
var [
  FRAME,
  PLAN,
  RECORD,
  FOOTPRINT,
  FACTORS,
  PERIOD,
  DECLARED,
  OPINION,
  CORRECTION,
  STAGE,
  CANCELLATION
] = [
  "frame",
  "metering plan",
  "batch record",
  "footprint",
  "factor set",
  "energy period",
  "declared footprint",
  "opinion",
  "correction",
  "life-cycle stage",
  "cancellation"
];
var MAX_ENVELOPE = 4096;
var MAX_NAME4 = 256;
var KINDS = new Map([
  ["application/vnd.leafproof.frame+cbor", FRAME],
  ["application/vnd.leafproof.metering-plan+cbor", PLAN],
  ["application/vnd.leafproof.batch-record+cbor", RECORD],
  ["application/vnd.leafproof.footprint+cbor", FOOTPRINT],
  ["application/vnd.leafproof.factor-set+cbor", FACTORS],
  ["application/vnd.leafproof.energy-period+cbor", PERIOD],
  ["application/vnd.leafproof.declared-footprint+cbor", DECLARED],
  ["application/vnd.leafproof.opinion+cbor", OPINION],
  ["application/vnd.leafproof.correction+cbor", CORRECTION],
  ["application/vnd.leafproof.lifecycle-stage+cbor", STAGE],
  ["application/vnd.leafproof.cancellation+cbor", CANCELLATION],
  ...["scheme", "accreditation", "label", "label-change", "recognition"].map((name2, i) => [
    `application/vnd.leafproof.${name2}+cbor`,
    LABELLING[i]
  ]),
  ...["living-list", "remark", "classified"].map((name2, i) => [
    `application/vnd.leafproof.${name2}+cbor`,
    CLASSIFYING[i]
  ])
]);
var HEADER = [1, 4, 15, 258, 259, "log", "frame"];
function readStatement(item) {
  const raw = item.envelope;
  if (raw.length > MAX_ENVELOPE) throw new Malformed(`envelope: ${raw.length} bytes, at most ${MAX_ENVELOPE} are read`);
  if (raw[0] !== 210 || raw[1] !== 132) throw new Malformed("envelope: not a tagged COSE_Sign1");
  const parts = decodeDeterministic(raw.subarray(1), "envelope", MAX_ENVELOPE);
  const [inProtected, unprotected, payload, signature] = parts;
  if (!isBytes(inProtected) || !(unprotected instanceof Map) || unprotected.size || !isBytes(payload) || !isBytes(signature)) {
    throw new Malformed("envelope: not [protected, {}, payload, signature]");
  }
  if (payload.length !== 32 || signature.length !== SIGNATURE_SIZE) {
    throw new Malformed("envelope: payload is not a SHA-256, or the signature has not 64 bytes");
  }
  const header2 = readHeader(decodeDeterministic(inProtected, "protected header", MAX_ENVELOPE));
  const kind2 = KINDS.get(header2.contentType);
  if (!kind2) throw new Malformed(`content type: unknown: ${header2.contentType.slice(0, 80)}`);
  if (header2.frame !== null !== (kind2 === FRAME)) {
    throw new Malformed("statement: a frame has a place in a stream, and nothing else has");
  }
  const signed = encode(["Signature1", inProtected, new Uint8Array(0), payload]);
  return {
    item,
    ...header2,
    kind: kind2,
    index: item.index,
    label: `${kind2}, entry ${item.index}`,
    payload,
    signature,
    signed,
    id: hex(sha256(signed)),
    leaf: hex(leafHash(raw)),
    content: null
  };
}
function readHeader(value) {
  const claims = value instanceof Map ? value.get(15) : void 0;
  const good = claims instanceof Map && claims.size === 3 && [1, 2, 6].every((name2) => claims.has(name2)) && [...value.keys()].every((name2) => HEADER.includes(name2)) && HEADER.slice(0, -1).every((name2) => value.has(name2)) && isBytes(value.get(4)) && value.get(258) === -16;
  if (!good) throw new Malformed("protected header: not exactly the members of a Leafproof statement");
  const [algorithm, keyId, issuedAt] = [value.get(1), value.get(4), claims.get(6)];
  if (![ES256, EDDSA].includes(algorithm)) throw new Malformed("algorithm: neither ES256 nor EdDSA");
  if (keyId.length !== 32) throw new Malformed("key id: not a thumbprint of 32 bytes");
  if (!isCount(issuedAt) || issuedAt >= LATEST2) {
    throw new Malformed("issued at: not a whole number of Unix seconds before the year 10000");
  }
  const frame = value.has("frame") ? readPlace(value.get("frame")) : null;
  const issuer = name(claims.get(1), "issuer");
  name(claims.get(2), "subject");
  const contentType = name(value.get(259), "content type");
  return { algorithm, keyId: hex(keyId), issuer, issuedAt, contentType, log: readLog(value.get("log"), "log"), frame };
}
function name(value, field) {
  const good = typeof value === "string" && value !== "" && utf8(value).length <= MAX_NAME4 && /^(?: |[^\p{C}\p{Z}])*$/u.test(value);
  if (!good) throw new Malformed(`${field}: not 1 to ${MAX_NAME4} bytes of printable text`);
  return value;
}
function readPlace(value) {
  if (!Array.isArray(value) || value.length !== 5) throw new Malformed("frame: not [epoch, sequence, previous, beacon, mode]");
  const [epoch, sequence, previous, beacon, mode2] = value;
  if (!isCount(epoch) || !isCount(sequence)) throw new Malformed("frame: epoch and sequence are not unsigned integers below 2^63");
  if (previous !== null && !isBytes(previous, 32)) throw new Malformed("frame: previous is not a hash of 32 bytes");
  if (beacon !== null && !(Array.isArray(beacon) && beacon.length === 2 && isCount(beacon[0]) && isBytes(beacon[1], 32))) {
    throw new Malformed("frame: beacon is not [block number, block hash]");
  }
  if (!MODES.includes(mode2)) throw new Malformed(`frame: mode is none of ${MODES.join(", ")}`);
  return { epoch, sequence };
}
var signatureVerifies = (statement, key2) => key2.algorithm === statement.algorithm && verifies(key2, statement.signature, statement.signed);
function readBody(statement, key2) {
  const { body, disclosures } = statement.item;
  if (!equal(sha256(body), statement.payload)) throw new Malformed("body: its SHA-256 is not the one that was signed");
  const disclosed = ({ JWT_TYPE: JWT_TYPE4, WITHHELD: WITHHELD4 }) => readDisclosed(body, disclosures, key2, statement.issuer, JWT_TYPE4, WITHHELD4);
  if (statement.kind === PLAN) statement.content = readPlan(body);
  if (statement.kind === STAGE) statement.content = readStage(body);
  if (statement.kind === CORRECTION) statement.content = readCorrection(body);
  if (statement.kind === OPINION) statement.content = readOpinion(body);
  if (statement.kind === FACTORS) statement.content = readFactors(body);
  if (statement.kind === PERIOD) statement.content = readPeriod(body);
  if (statement.kind === CANCELLATION) statement.content = readCancellation(body);
  if (LABELLING.includes(statement.kind)) statement.content = readLabelling(body, statement.kind);
  if (CLASSIFYING.includes(statement.kind)) statement.content = readClassifying(body, statement.kind);
  if (statement.kind === RECORD) statement.content = readRecord(disclosed(record_exports));
  if (statement.kind === FOOTPRINT) statement.content = readFootprint(disclosed(footprint_exports));
  if (statement.kind === DECLARED) statement.content = readDeclared(disclosed(declared_exports));
}

// backend/web/verify/chain.js
var HEAD = "0xf339e3b2";
var IDS = 100;
var POINTER_GRACE = 3600;
var FIRST_RANGE = 2e3;
var word = (value) => "0x" + BigInt(value).toString(16).padStart(64, "0");
var tag = (block) => "0x" + block.toString(16);
async function readChain(node, trust2, statements, heads, pause) {
  const reader = new Reader(node, trust2);
  await reader.identify();
  await reader.fixFinalBlock();
  const chain = new ChainState(trust2);
  const keyIds = [...new Set(statements.map(({ keyId }) => keyId))];
  const registry = [...await reader.events("KeyRegistry", OPERATOR_EVENTS), ...await reader.about("KeyRegistry", KEY_EVENTS, keyIds)];
  await chain.take(ordered(registry), pause);
  chain.heads = await reader.heads(heads);
  chain.anchoredBefore = await reader.anchoring(chain, statements);
  const records = statements.filter(({ kind: kind2, content }) => kind2 === RECORD && content);
  chain.covered = await reader.covered(estimating(records, statements));
  const ids = records.map(({ keyId, content }) => chain.keys.has(keyId) && lotId(chain.keys.get(keyId).operator, content.of));
  const lots = [...new Set(ids.filter(Boolean))];
  await chain.take(ordered(await reader.about("LotRegistry", LOT_EVENTS, lots)), pause);
  const claims = await reader.about("CertificateClaims", CLAIM_EVENTS, lots);
  if (claims.length) {
    const registries = await reader.events("CertificateClaims", REGISTRY_EVENTS);
    await chain.take(ordered([...registries, ...claims]), pause);
  }
  await chain.take(await reader.labels(lots), pause);
  const classified = statements.filter(({ kind: kind2, content }) => kind2 === CLASSIFIED && content);
  const labelled = new Set([...chain.labelling.labels.values()].map(({ subject: subject2 }) => subject2));
  const isLabelled = ({ keyId, content }) => chain.keys.has(keyId) && labelled.has(lotId(chain.keys.get(keyId).operator, content.of));
  chain.notBefore = await reader.missing(classified.filter(isLabelled));
  if (classified.length) await chain.take(await reader.dated(await reader.events("Classification", LIST_EVENTS)), pause);
  chain.now = reader.final.time;
  for (const { id, versions } of chain.lots.values()) {
    if (!versions.length) throw new Malformed(`lot: ${id} was minted without a record`);
  }
  const unpointed = records.filter(({ leaf }, i) => !chain.lots.get(ids[i])?.versions.some((version) => version.leaf === leaf));
  chain.pointerUnderWay = await reader.pointing(unpointed);
  await reader.checkFinalBlock();
  return chain;
}
function estimating(records, statements) {
  const named4 = records.filter(({ content }) => content.activity?.some(({ estimated: estimated2 }) => estimated2));
  const plans = new Set(named4.map(({ content }) => content.plan));
  return statements.filter(({ id }) => plans.has(id));
}
var ordered = (events) => events.sort((a, b) => a.block - b.block || a.index - b.index);
var Reader = class {
  constructor(node, trust2) {
    this.node = node;
    this.trust = trust2;
  }
  // Is this the chain, with the contracts, that the trust file names?
  async identify() {
    const chain = quantity(await this.node.call("eth_chainId"), "chain id");
    const { hash } = await this.block(0);
    if (chain !== this.trust.chain_id || hash !== this.trust.genesis) {
      throw new Malformed(`the node serves another chain: id ${chain} with genesis ${hash}, not id ${this.trust.chain_id} with genesis ${this.trust.genesis}`);
    }
    const contracts = Object.entries(this.trust.contracts);
    const codes = await this.node.callMany("eth_getCode", contracts.map(([, { address }]) => [address, "latest"]));
    for (const [i, [name2, contract]] of contracts.entries()) {
      const code = fromHex(codes[i]);
      if (hex(sha256(code)) !== contract.code_sha256) {
        throw new Malformed(`${name2} at ${contract.address} has ${code.length ? "other" : "no"} code, not the code that the trust file names`);
      }
    }
  }
  async fixFinalBlock() {
    this.latest = quantity(await this.node.call("eth_blockNumber"), "block number");
    const last = this.latest - this.trust.finality_blocks + 1;
    if (last < this.trust.deployed_block) throw new Unreachable("the contracts are not final on the chain yet");
    this.final = await this.block(last);
  }
  async checkFinalBlock() {
    const { hash } = await this.block(this.final.block);
    if (hash !== this.final.hash) throw new Unreachable("the chain changed while this device read it");
  }
  async block(wanted2) {
    return header(await this.node.call("eth_getBlockByNumber", tag(wanted2), false), wanted2);
  }
  // Events `names` of a contract from block `first` to `last`, whose further topics are `topics`. A range that is too
  // much for the node is asked for in halves.
  async events(contract, names2, topics = [], first = this.trust.deployed_block, last = this.final.block) {
    const { address } = this.trust.contracts[contract];
    const filter = { address, topics: [names2.map(topic), ...topics], fromBlock: tag(first), toBlock: tag(last) };
    let found;
    try {
      found = await this.node.call("eth_getLogs", filter);
    } catch (error) {
      if (!(error instanceof Refused) || first >= last) throw error;
      const middle = Math.floor((first + last) / 2);
      return [
        ...await this.events(contract, names2, topics, first, middle),
        ...await this.events(contract, names2, topics, middle + 1, last)
      ];
    }
    if (!Array.isArray(found)) throw new Unreachable();
    return found.map((raw) => {
      const event = decodeEvent(raw, address, names2);
      if (event.block < first || event.block > last) throw new Malformed(`log: not of the blocks ${first} to ${last} that were asked for`);
      return event;
    });
  }
  // Events whose first value is one of `ids`.
  async about(contract, names2, ids) {
    const found = [];
    for (let start = 0; start < ids.length; start += IDS) {
      found.push(...await this.events(contract, names2, [ids.slice(start, start + IDS).map((id) => "0x" + id)]));
    }
    return found;
  }
  // What was said of labels for these lots, in order, each event with its block's time; without one, nothing.
  async labels(lots) {
    const issued2 = [];
    for (let start = 0; start < lots.length; start += IDS) {
      const subjects = lots.slice(start, start + IDS).map((id) => "0x" + id);
      issued2.push(...await this.events("LabelRegistry", ["LabelIssued"], [null, subjects]));
    }
    if (!issued2.length) return [];
    const changes = await this.about("LabelRegistry", CHANGE_EVENTS, issued2.map(({ values: values2 }) => values2[0]));
    return this.dated([...await this.events("LabelRegistry", SCHEME_EVENTS), ...issued2, ...changes]);
  }
  // Events in order, each with its block's time.
  async dated(events) {
    const found = ordered(events);
    const blocks = await this.blocksOf(found);
    return found.map((event) => ({ ...event, time: blocks.get(event.block).time }));
  }
  async heads(heads) {
    const found = /* @__PURE__ */ new Map();
    for (const log of new Set(heads.map((head) => head.log.id))) {
      const wanted2 = heads.filter((head) => head.log.id === log);
      const events = /* @__PURE__ */ new Map();
      for (let start = 0; start < wanted2.length; start += IDS) {
        const sizes = wanted2.slice(start, start + IDS).map(({ size }) => word(size));
        const topics = [["0x" + log], sizes];
        for (const event of await this.events("TransparencyLog", ["Extended"], topics, this.trust.deployed_block, this.latest)) {
          events.set(event.values[1], event);
        }
      }
      const blocks = await this.blocksOf([...events.values()]);
      const held = wanted2.some((head) => !events.has(BigInt(head.size))) ? await this.size(log) : null;
      for (const head of wanted2) found.set(head, this.judged(head, events.get(BigInt(head.size)), blocks, held));
    }
    return found;
  }
  judged({ size, root }, event, blocks, held) {
    if (!event) return held === null ? "no log" : held < BigInt(size) ? { pending: held } : "unknown";
    if (event.values[2] !== hex(root)) return "unknown";
    return event.block > this.final.block ? { unsettled: event.block } : blocks.get(event.block);
  }
  // {block, time} of each event's block, by number.
  async blocksOf(events) {
    const numbers = [...new Set(events.map(({ block }) => block))];
    const answers = await this.node.callMany("eth_getBlockByNumber", numbers.map((block) => [tag(block), false]));
    const found = new Map(answers.map((answer, i) => [numbers[i], header(answer, numbers[i])]));
    for (const { block, blockHash, where } of events) {
      if (found.get(block).hash !== "0x" + blockHash) throw new Malformed(`${where}: is of another chain than its block`);
    }
    return found;
  }
  async isOpen(log) {
    return (await this.about("TransparencyLog", ["Opened"], [log])).length > 0;
  }
  // Size of the log's present head: head(bytes32) returns (uint64 size, bytes32 root). Null: there is no such log.
  async size(log) {
    if (!await this.isOpen(log)) return null;
    const call = { to: this.trust.contracts.TransparencyLog.address, data: HEAD + log };
    const answer = fromHex(await this.node.call("eth_call", call, "latest"));
    if (answer.length !== 64) throw new Malformed("the contract gave no head");
    return number(answer.subarray(0, 32));
  }
  // Whether a head covered a statement by a moment. Heads grow, so that the last one before the moment tells; only
  // moments that end a key or an admission of one of the `statements`, or begin a further admission, are ever asked about.
  async anchoring(chain, statements) {
    const sizes = /* @__PURE__ */ new Map();
    const place = (log, { block, index }) => `${log} ${block} ${index}`;
    for (const { keyId, log } of statements) {
      const key2 = chain.keys.get(keyId);
      const [, ...turns] = key2 ? chain.operators.get(key2.operator).flatMap(({ admitted, removed }) => [admitted, removed]) : [];
      const moments = key2 ? [...turns, key2.compromised, key2.retired?.moment] : [];
      for (const moment of moments.filter(Boolean)) {
        const asked = place(log.id, moment);
        if (sizes.has(asked)) continue;
        sizes.set(asked, (await this.newest(log.id, moment.block, (events) => events.filter((event) => before(event, moment))))?.values[1]);
      }
    }
    return ({ log, index }, moment) => sizes.get(place(log.id, moment)) > BigInt(index);
  }
  // Whether the first head that covers a record is younger than `POINTER_GRACE`, or not there yet: the newest head of
  // that age tells. Only `records` that no lot points to are ever asked about.
  async pointing(records) {
    const old = async (events) => {
      const blocks = await this.blocksOf(events);
      return events.filter(({ block }) => this.final.time - blocks.get(block).time >= POINTER_GRACE);
    };
    const sizes = /* @__PURE__ */ new Map();
    for (const log of new Set(records.map((record) => record.log.id))) {
      if (await this.isOpen(log)) sizes.set(log, (await this.newest(log, this.final.block, old))?.values[1] ?? 0n);
    }
    return ({ log, index }) => sizes.has(log.id) && sizes.get(log.id) <= BigInt(index);
  }
  // When the first head that covers each of `statements` came; heads grow, so that older ones than it need not be asked for.
  async covered(statements) {
    const found = /* @__PURE__ */ new Map();
    for (const { id, log, index } of statements) {
      const start = this.trust.deployed_block;
      let first = null;
      for (let last = this.final.block, span = FIRST_RANGE; last >= start; last -= span, span *= 2) {
        const events = ordered(await this.events("TransparencyLog", ["Extended"], [["0x" + log.id]], Math.max(start, last - span + 1), last));
        const holding = events.filter(({ values: values2 }) => values2[1] > BigInt(index));
        first = holding[0] ?? first;
        if (holding.length < events.length) break;
      }
      found.set(id, first ? (await this.blocksOf([first])).get(first.block).time : this.final.time);
    }
    return found;
  }
  // When the newest head was anchored that does not have one of the `statements`; 0 if there is none.
  async missing(statements) {
    const heads = /* @__PURE__ */ new Map();
    const without = (events, index) => events.filter(({ values: values2 }) => values2[1] <= BigInt(index));
    for (const log of new Set(statements.map((one) => one.log.id))) {
      const [mine, seen] = [statements.filter((one) => one.log.id === log), []];
      const first = mine.reduce((a, b) => b.index < a.index ? b : a).index;
      await this.newest(log, this.final.block, (events) => {
        seen.push(...events);
        return without(events, first);
      });
      for (const one of mine) heads.set(one, ordered(without(seen, one.index)).at(-1));
    }
    const blocks = await this.blocksOf([...heads.values()].filter(Boolean));
    return (statement) => blocks.get(heads.get(statement)?.block)?.time ?? 0;
  }
  // The log's newest head up to a block, of those whose events `keep` keeps; undefined if there is none.
  async newest(log, block, keep) {
    const start = this.trust.deployed_block;
    for (let last = block, span = FIRST_RANGE; last >= start; last -= span, span *= 2) {
      const events = await this.events("TransparencyLog", ["Extended"], [["0x" + log]], Math.max(start, last - span + 1), last);
      const found = ordered(await keep(events)).at(-1);
      if (found) return found;
    }
    return void 0;
  }
};
function header(raw, wanted2) {
  const block = quantity(raw?.number, "block.number");
  if (block !== wanted2) throw new Malformed(`block: the node gave block ${block} for block ${wanted2}`);
  const time = quantity(raw.timestamp, "block.timestamp");
  if (time >= LATEST2) throw new Malformed("block.timestamp: beyond the calendar");
  return { block, hash: "0x" + hex(fromHex(raw.hash)), time };
}

// backend/web/verify/claims.js
function checkClaims(reading) {
  const check2 = reading.report[10];
  const counting = [...reading.footprints.values()].filter(({ content }) => content.certificates.length);
  if (!reading.chain) {
    if (reading.cancellations.size || counting.length) check2.add(NOT_CHECKED, "withheld-chain", "", { reason: reading.noChain });
    return;
  }
  const lots = /* @__PURE__ */ new Map();
  for (const record of reading.lots()) {
    const onChain = reading.onChain(record);
    if (onChain) lots.set(onChain.id, record);
  }
  for (const printed2 of counting) counted(reading, printed2);
  const told3 = /* @__PURE__ */ new Set();
  for (const claim of reading.chain.claims) {
    if (!lots.has(claim.subject)) continue;
    told3.add(claim.cancellation);
    ofClaim(reading, claim, lots.get(claim.subject));
  }
  for (const id of [...reading.cancellations.keys()].filter((one) => !told3.has(one)).sort()) {
    const { label, content } = reading.cancellations.get(id);
    check2.add(WARNING, "claim-missing", label, { first: content.first, last: content.last, registry: content.registry });
  }
}
function counted(reading, printed2) {
  const [{ operator } = {}, of5] = [reading.key(printed2) ?? {}, lotOf(printed2.content)];
  const subject2 = operator ? lotId(operator, of5) : null;
  const standing2 = reading.chain.claims.filter((one) => one.subject === subject2 && !one.rejected);
  for (const { cancellation, first, last } of printed2.content.certificates) {
    const held = standing2.some((one) => one.cancellation === cancellation && `${one.first} ${one.last}` === `${first} ${last}`);
    const params = { first, last, profile: printed2.content.profile.id };
    reading.report[10].add(held ? PASS : FAIL, held ? "claim-counted" : "claim-lacking", of5, params);
  }
}
function ofClaim(reading, claim, record) {
  const [check2, { of: lot2 }] = [reading.report[10], record.content];
  const serials = { first: claim.first, last: claim.last };
  if (claim.rejected) {
    check2.add(FAIL, "claim-rejected", lot2, serials);
    return;
  }
  const stated = reading.cancellations.get(claim.cancellation);
  const [key2, signer] = [reading.key(record), stated ? reading.key(stated) : null];
  const operator = key2 && reading.chain.operators.get(key2.operator)?.at(-1);
  if (!operator || !signer) {
    check2.add(FAIL, "claim-unstated", lot2, serials);
    return;
  }
  const printed2 = newestFootprint(reading, claim, record);
  const used = countriesOf(reading, record);
  const before2 = check2.findings.length;
  judge2(check2, claim, stated.content, signer.operator, { maker: key2.operator, identifier: operator.identifier, record, used });
  named2(reading, claim, record, printed2);
  const good = check2.findings.slice(before2).every(({ status: status2 }) => status2 !== FAIL);
  if (!used.size) check2.add(NOT_CHECKED, "withheld", lot2);
  if (good) claimed(check2, claim, stated.content, lot2);
  word2(reading, claim, stated.content, lot2);
}
function judge2(check2, claim, stated, signer, { maker, identifier, record, used }) {
  const { of: lot2, facility, zone, window: window3 } = record.content;
  const fault = (code, params) => check2.add(FAIL, code, lot2, params);
  const [first, last] = stated.serials;
  if (claim.registry !== stated.registryId || claim.first < first || claim.last > last) {
    fault("claim-serials", { first: claim.first, last: claim.last });
  }
  const strangers = new Set([claim.operator, signer].filter((operator) => operator !== maker));
  for (const operator of [...strangers].sort()) fault("claim-foreign", { operator: "0x" + operator });
  if (!speaksFor(identifier, partyUri(stated.beneficiary))) {
    fault("claim-beneficiary", { beneficiary: stated.beneficiary, maker: identifier });
  }
  const [opened2, closed] = window3.map((moment) => localDate(moment, zone));
  for (const [code, params] of unfit(stated, { facility, opened: opened2, closed, used })) fault(code, params);
}
function countriesOf(reading, record) {
  const newest = /* @__PURE__ */ new Map();
  const inOrder = [...reading.footprints.values()].sort((a, b) => a.index < b.index ? -1 : a.index > b.index ? 1 : 0);
  for (const one of inOrder) {
    const { facility, profile, region } = one.content;
    if (facility !== record.content.facility || reading.maker(one) !== reading.maker(record)) continue;
    newest.set(`${lotOf(one.content)} ${profile.id}`, region.split("-")[0]);
  }
  return new Set(newest.values());
}
function newestFootprint(reading, claim, record) {
  const ofLot2 = footprintsOf(reading, record).filter((one) => reading.maker(one) === reading.maker(record));
  const profile = ofLot2.find(({ id }) => id === claim.footprints.at(-1))?.content.profile.id;
  const ofProfile = ofLot2.filter(({ content }) => !profile || content.profile.id === profile);
  return ofProfile.reduce((newest, one) => newest && newest.index >= one.index ? newest : one, null);
}
var footprintsOf = (reading, record) => [...reading.footprints.values()].filter(({ content }) => lotOf(content) === record.content.of);
function named2(reading, claim, record, printed2) {
  const id = claim.footprints.at(-1) ?? "";
  if (printed2 && id === printed2.id) return;
  const older = footprintsOf(reading, record).some((one) => one.id === id || one.content.supersedes === id);
  const another = !older && (!id || reading.isRead(id));
  const serials = { first: claim.first, last: claim.last };
  reading.report[10].add(another ? FAIL : WARNING, older ? "claim-older" : "claim-footprint", record.content.of, serials);
}
function claimed(check2, claim, { kind: kind2, registry, wh_per_serial: each, source: source2, country }, lot2) {
  const wh = (claim.last - claim.first + 1n) * BigInt(each);
  check2.add(PASS, "claimed", lot2, { kind: kind2, registry, first: claim.first, last: claim.last, wh, source: source2, country });
}
function word2(reading, claim, { registry }, lot2) {
  const registrar = claim.attested && "0x" + claim.attested;
  if (registrar && reading.trust.registrars.includes(registrar)) {
    reading.report[10].add(PASS, "claim-attested", lot2, { registrar, registry });
  } else reading.report[10].add(WARNING, "claim-not-exclusive", lot2, { registry });
}

// backend/web/verify/classified.js
var named3 = (categories) => categories.join(", ") || "-";
function checkClassified2(reading) {
  const { chain } = reading;
  const check2 = reading.report[10];
  if (!chain) {
    if (reading.classified.size) check2.add(NOT_CHECKED, "withheld-chain", "", { reason: reading.noChain });
    return;
  }
  for (const statement of reading.classified.values()) {
    const [status2, code, params] = judge3(reading, statement);
    check2.add(status2, code, statement.content.of, params);
  }
}
function judge3(reading, statement) {
  const { chain } = reading;
  const said3 = statement.content;
  const maker = reading.key(statement)?.operator;
  if (!maker || !chain.lots.has(lotId(maker, said3.of))) {
    return isUnderWay(reading, statement) ? [PENDING, "lot-pending", {}] : [FAIL, "classified-foreign", {}];
  }
  const standing2 = chain.list.standing(statement.issuedAt);
  if (!standing2.some(({ version: version2, content }) => version2 === said3.version && content === said3.content)) {
    const held = chain.list.inForce(statement.issuedAt)?.version ?? 0;
    return [FAIL, "classified-version", { version: said3.version, held }];
  }
  const rules = reading.rules(said3.content);
  if (!rules) return [NOT_CHECKED, "classified-list", { version: said3.version }];
  const [expected2, stated] = [categoriesOf(rules, said3), said3.categories];
  if (expected2.length !== stated.length || expected2.some((one, i) => one !== stated[i])) {
    return [FAIL, "classified-differs", { expected: named3(expected2), stated: named3(stated) }];
  }
  const { code, edition: edition2, version } = said3;
  return [PASS, "classified", { categories: named3(expected2), code, edition: edition2, version }];
}
function isUnderWay(reading, statement) {
  const isHis = (record) => record.content.of === statement.content.of && reading.maker(record) === reading.maker(statement);
  const pending = reading.report[5].status === PENDING;
  return reading.lots().some((record) => isHis(record) && (pending || reading.pointerUnderWay(record)));
}
function categoriesAt(reading, record, moment) {
  const mine = [...reading.classified.values()].filter((one) => one.content.of === record.content.of && reading.maker(one) === reading.maker(record)).map((one) => ({ at: Math.max(one.issuedAt, reading.chain.notBefore(one)), ...one })).sort((a, b) => a.at - b.at || (a.index < b.index ? -1 : a.index > b.index ? 1 : 0));
  const made2 = mine.filter(({ at: at2 }) => at2 <= moment).at(-1) ?? mine.find(({ at: at2 }) => at2 > moment);
  return made2?.content.categories ?? null;
}

// backend/web/verify/current.js
async function checkCurrent(reading, pause) {
  const check2 = reading.report[6];
  for (const record of reading.lots()) {
    current(reading, record);
    await pause();
  }
  const first = /* @__PURE__ */ new Map();
  for (const statement of reading.footprints.values()) {
    const record = reading.recordOf(statement);
    if (!record) check2.add(FAIL, "footprint-elsewhere", statement.label);
    else if (reading.maker(statement) !== reading.maker(record)) check2.add(FAIL, "footprint-foreign", statement.label);
    const { profile, supersedes } = statement.content;
    const place = `${reading.maker(statement)} ${lotOf(statement.content)} ${profile.id} ${supersedes}`;
    if (first.has(place)) check2.add(FAIL, "footprint-fork", statement.label, { other: first.get(place).label });
    else first.set(place, statement);
  }
  printed(reading);
  checkHeads(reading);
  checkDeclaredCurrent(reading);
  checkCorrected(reading);
}
function printed(reading) {
  const [check2, { lot: lot2 }] = [reading.report[6], reading.bundle];
  const record = reading.record(lot2);
  if (!record) return;
  const stated = [...reading.footprints.values()].map(({ content }) => content).filter((one) => lotOf(one) === lot2);
  const ofIt = new Set(stated.filter((one) => one.record === record.id).map(({ profile }) => profile.id));
  if (!ofIt.size) {
    check2.add(FAIL, "footprint-outdated", lot2);
    return;
  }
  for (const profile of [...new Set(stated.map((one) => one.profile.id))].sort()) {
    const newest = ofIt.has(profile);
    check2.add(newest ? PASS : FAIL, newest ? "footprint-newest" : "profile-outdated", lot2, { profile });
  }
}
function current(reading, record) {
  const [check2, lot2] = [reading.report[6], record.content.of];
  if (!reading.chain) {
    check2.add(NOT_CHECKED, "withheld-chain", lot2, { reason: reading.noChain });
    return;
  }
  const onChain = reading.onChain(record);
  const newest = onChain?.versions.at(-1);
  if (!newest) {
    const pending = reading.report[5].status === PENDING || reading.pointerUnderWay(record);
    const key2 = reading.key(record);
    check2.add(pending ? PENDING : FAIL, pending ? "lot-pending" : "lot-missing", lot2, { operator: key2 ? "0x" + key2.operator : "unknown" });
  } else if (newest.leaf !== record.leaf) check2.add(FAIL, "superseded", lot2, { version: newest.version });
  else check2.add(PASS, "current", lot2, { version: newest.version });
}

// backend/web/verify/reconciled.js
function* reconciled(period, plan) {
  for (const { point: point2, tolerance } of plan.points.filter((one) => one.tolerance !== null)) {
    const one = period.meters.find((stated) => stated.point === point2);
    if (!one) {
      yield [WARNING, "unreconciled", { point: point2 }];
      continue;
    }
    const good = within2(one, tolerance);
    const params = { point: point2, metered: one.metered, parts: one.sub_meters, unit: one.unit, difference: plain2(one.metered, one.sub_meters), tolerance };
    yield [good ? PASS : WARNING, good ? "reconciled" : "meters-differ", params];
  }
  for (const [balance, sum2] of invoiced(period)) {
    const { carrier: carrier2, metered, unit } = balance;
    const apart = decimal(metered, "metered").minus(decimal(sum2, "invoiced"));
    const good = apart.magnitude().compare(allowed(plan, balance)) <= 0;
    yield [good ? PASS : WARNING, good ? "invoice-agrees" : "invoice-differs", { carrier: carrier2, metered, invoiced: sum2, unit, difference: plain2(metered, sum2) }];
  }
}

// backend/web/verify/evidence.js
async function checkEvidence(reading, pause) {
  const check2 = reading.report[7];
  for (const record of reading.used()) {
    const lot2 = record.content.of;
    provenance(check2, record);
    const named4 = reading.plan(record);
    const plan = ownPlan(reading, record, named4);
    if (named4 && !plan) check2.add(FAIL, "plan-foreign", lot2);
    if (plan && plan.validFrom > record.content.window[0]) {
      check2.add(FAIL, "plan-later", lot2, { start: plan.valid_from, opened: record.content.run.opened });
    }
    if (plan) {
      estimates2(check2, record.content, plan);
      knownPlan(check2, record.content, reading.chain?.covered.get(named4.id));
    }
    for (const period of plan ? reading.periodsOf(record) : []) {
      for (const [status2, code, params] of reconciled(period, plan)) check2.add(status2, code, lot2, params);
    }
    const foreign = plan && foreignGateway(reading, record, plan);
    if (foreign) check2.add(FAIL, "gateway-foreign", lot2, { key: foreign });
    check2.add(NOT_CHECKED, unmetered(reading, record, plan), lot2);
    await pause();
  }
}
function provenance(check2, { content, issuedAt }) {
  for (const one of (content.activity ?? []).filter(({ estimated: estimated2 }) => estimated2)) {
    const { intervals, quantity: quantity3 } = one.estimated;
    const params = { point: one.point, count: String(intervals), quantity: quantity3, unit: one.unit, percent: estimatedPercent(one) };
    check2.add(WARNING, "estimated", content.of, params);
  }
  if (content.mode === "recorded") {
    const measured = localYear(content.window[0], content.zone);
    check2.add(WARNING, "recorded", content.of, { measured, entered: localYear(Number(issuedAt), content.zone) });
  }
  const simulated = simulatedOf(content);
  for (const carrier2 of simulated) check2.add(WARNING, "simulated-carrier", content.of, { carrier: carrier2 });
  if (content.mode === "simulated" && !simulated.length) check2.add(WARNING, "simulated", content.of);
  for (const { name: name2, quantity: quantity3, unit, source: source2 } of [...content.outputs ?? [], ...content.inputs ?? []]) {
    const params = { name: name2, quantity: quantity3, unit };
    if (source2.kind === "weighed") params.points = [...new Set(source2.weighings.map(({ point: point2 }) => point2))].join(", ");
    check2.add(WARNING, source2.kind === "weighed" ? "quantity-unseen" : `quantity-${source2.kind}`, content.of, params);
  }
}
function estimates2(check2, { of: of5, activity: activity2 }, plan) {
  for (const { point: point2, estimated: estimated2 } of (activity2 ?? []).filter((one) => one.estimated)) {
    const rules = estimatesOf(plan, point2).filter(({ method }) => method === estimated2.method);
    const longest = rules.reduce((most, one) => one.up_to_seconds > most ? one.up_to_seconds : most, 0n);
    estimated2.windows.forEach(([a, b], i) => {
      const [start, end] = estimated2.spans[i];
      if (b - a > longest) check2.add(FAIL, "estimate-unplanned", of5, { point: point2, start, end });
    });
  }
}
function knownPlan(check2, { of: of5, window: window3, run: run3 }, anchored) {
  if (anchored > window3[0]) check2.add(FAIL, "plan-later", of5, { start: utcText(anchored), opened: run3.opened });
}
function ownPlan(reading, record, named4) {
  const own = named4 && reading.maker(named4) === reading.maker(record) && named4.content.facility === record.content.facility;
  return own ? named4.content : null;
}
function foreignGateway(reading, record, plan) {
  const maker = reading.key(record);
  if (!maker) return null;
  const foreign = plan.points.find(({ gateway }) => {
    const key2 = reading.chain.keys.get(gateway);
    return key2 && key2.operator !== maker.operator;
  });
  return foreign?.gateway ?? null;
}
function unmetered(reading, record, plan) {
  const { activity: activity2 } = record.content;
  if (!plan || !activity2) return "withheld";
  const inRange2 = (index) => activity2.some((one) => one.first_index <= index && index <= one.last_index);
  const gateways = [...new Set(plan.points.map(({ gateway }) => gateway))];
  const frames = gateways.flatMap((gateway) => reading.frames.get(gateway) ?? []).filter((frame) => frame.log.name === record.log.name && inRange2(frame.index));
  return frames.length && frames.every(({ item }) => item.body) ? "not-metered" : "withheld";
}

// backend/web/verify/looped.js
var HOME_SCRAP = "home-scrap";
var tonnes = (lines) => sum(lines.map((line4) => amountOf(line4).to("t")));
function looped({ inputs, outputs }) {
  const lines = inputs.filter(({ material }) => material === HOME_SCRAP);
  if (lines.some(namedOf)) throw new Malformed("inputs: home scrap is no lot");
  if (tonnes(lines).compare(tonnes(outputs.filter(({ role }) => role === "waste"))) > 0) {
    throw new Malformed("inputs: more home scrap goes in than the run gives off as waste");
  }
  return lines;
}

// backend/web/verify/supply.js
var MAX_RECORDS = 2e3;
var SHOWN = 20;
var tooMany = (statements) => statements.filter(({ kind: kind2 }) => kind2 === RECORD).length > MAX_RECORDS;
function checkCycle(reading) {
  const path = cycle(edgesOf(reading));
  if (!path) return;
  const lots = path.map(({ lot: lot2 }) => lot2);
  const named4 = lots.length > SHOWN ? [...lots.slice(0, SHOWN / 2), "…", ...lots.slice(-SHOWN / 2)] : lots;
  reading.report[9].add(FAIL, "input-cycle", lots[0], { path: named4.join(" <- ") });
}
function checkLeftAside(reading) {
  const printed2 = new Set([...reading.footprints.values()].map((one) => key(reading, one, lotOf(one.content), one.content)));
  const ofRecord = /* @__PURE__ */ new Map();
  for (const { content } of reading.footprints.values()) {
    if (!ofRecord.has(content.record)) ofRecord.set(content.record, []);
    ofRecord.get(content.record).push(content);
  }
  for (const { id, content: record } of reading.used()) {
    const lines = (record.inputs ?? []).filter((line4) => line4.material !== null && parentOf(line4));
    const cited = new Map(lines.map((line4) => [parentOf(line4), reading.footprints.get(line4.footprint)]));
    for (const stated of cited.size ? ofRecord.get(id) ?? [] : []) {
      if (lotOf(stated) !== record.of || !stated.components) continue;
      const counted2 = choicesOf(stated).parents;
      for (const [lot2, by] of cited) {
        if (!by || counted2.has(lot2) || !printed2.has(key(reading, by, lot2, stated))) continue;
        reading.report[9].add(WARNING, "input-secondary", record.of, { lot: lot2, profile: stated.profile.id });
      }
    }
  }
}
var key = (reading, by, lot2, { profile }) => JSON.stringify([reading.maker(by), lot2, profile.id]);
var nodeOf = (maker, lot2) => ({ name: `${maker} ${lot2}`, lot: lot2 });
function edgesOf(reading) {
  const found = /* @__PURE__ */ new Map();
  for (const versions of reading.everyRecord()) {
    const lines = versions.flatMap(({ content }) => content.inputs ?? []);
    const edges = lines.map((line4) => [reading.footprints.get(line4.footprint), parentOf(line4)]);
    const { name: name2, lot: lot2 } = nodeOf(reading.maker(versions[0]), versions[0].content.of);
    const below = edges.filter(([printed2, parent]) => printed2 && parent);
    found.set(name2, { lot: lot2, edges: below.map(([printed2, parent]) => nodeOf(reading.maker(printed2), parent)) });
  }
  return found;
}
function cycle(found) {
  const done = /* @__PURE__ */ new Set();
  for (const [start, { lot: lot2 }] of found) {
    if (done.has(start)) continue;
    const path = [step(found, { name: start, lot: lot2 })];
    const places = /* @__PURE__ */ new Map([[start, 0]]);
    while (path.length) {
      const { node, edges } = path.at(-1);
      const below = edges.next().value;
      if (!below) {
        done.add(node.name);
        places.delete(node.name);
        path.pop();
      } else if (places.has(below.name)) {
        return [...path.slice(places.get(below.name)).map((one) => one.node), below];
      } else if (!done.has(below.name)) {
        places.set(below.name, path.length);
        path.push(step(found, below));
      }
    }
  }
  return null;
}
var step = (found, node) => ({ node, edges: (found.get(node.name)?.edges ?? []).values() });

// backend/web/verify/inputs.js
var CLAIMED = /* @__PURE__ */ new Map([[4, "custody-mass-balance"], [5, "custody-book-and-claim"]]);
async function checkInputs(reading, pause) {
  for (const record of reading.used()) {
    inputsOf(reading, record);
    await pause();
  }
  checkLeftAside(reading);
  checkCycle(reading);
  checkCorrectedInputs(reading);
}
function inputsOf(reading, record) {
  const [check2, { of: lot2, inputs }] = [reading.report[9], record.content];
  if (!inputs) {
    check2.add(NOT_CHECKED, "withheld", lot2);
    return;
  }
  if (!inputs.length) check2.add(PASS, "no-inputs", lot2);
  const taken = /* @__PURE__ */ new Map();
  for (const line4 of inputs) {
    const parent = parentOf(line4);
    if (!parent) {
      const named4 = namedOf(line4);
      if (line4.material === HOME_SCRAP && !named4) check2.add(PASS, "input-looped", lot2, { name: line4.name });
      else check2.add(WARNING, named4 ? "input-unproven" : "input-material", lot2, { name: line4.name, lot: named4 ?? "" });
      continue;
    }
    const found = inputLot(reading, lot2, line4, parent);
    if (found) taken.set(found.parent.id, [...taken.get(found.parent.id) ?? [], found]);
  }
  const onChain = reading.onChain(record);
  const consumed = onChain?.inputs ?? null;
  for (const several2 of taken.values()) spent(reading, lot2, several2, consumed);
  if (onChain) custody(check2, lot2, onChain, [...taken.values()].map(([one]) => one));
  if (check2.findings.some(({ code }) => ["input-missing", "input-pending"].includes(code))) return;
  const unstated = new Set((consumed ?? []).map(({ parent }) => parent).filter((parent) => !taken.has(parent)));
  for (const parent of [...unstated].sort()) check2.add(FAIL, "input-unstated", lot2, { token: "0x" + parent });
}
function inputLot(reading, child, line4, lot2) {
  const check2 = reading.report[9];
  const named4 = reading.footprints.get(line4.footprint);
  const used = named4 ? reading.recordOf(named4, lot2) : null;
  if (!used) {
    check2.add(FAIL, "input-missing", child, { lot: lot2 });
    return null;
  }
  if (!reading.chain) {
    check2.add(NOT_CHECKED, "withheld-chain", child, { reason: reading.noChain });
    return null;
  }
  const parent = reading.onChain(used);
  if (!parent?.versions.some(({ leaf }) => leaf === used.leaf)) {
    const pending = reading.pointerUnderWay(used);
    check2.add(pending ? PENDING : FAIL, pending ? "input-pending" : "input-footprint", child, { lot: lot2 });
    return null;
  }
  const maker = "0x" + parent.operator;
  if (line4.operator !== maker) check2.add(FAIL, "input-maker", child, { lot: lot2, stated: line4.operator ?? "None", maker });
  const newest = parent.versions.at(-1);
  if (newest.leaf !== used.leaf) check2.add(WARNING, "input-corrected", child, { lot: lot2, version: newest.version });
  if (!used.content.outputs) check2.add(NOT_CHECKED, "withheld", child);
  return { line: line4, used: used.content, parent };
}
function spent(reading, child, taken, consumed) {
  if (taken.some(({ used: used2 }) => !used2.outputs)) return;
  const [check2, [{ line: line4, used, parent }]] = [reading.report[9], taken];
  const held = (consumed ?? []).filter((one) => one.parent === parent.id).reduce((total, { shares }) => total + shares, 0n);
  const params = { lot: used.of, quantity: taken.map((one) => one.line.quantity).join(" + "), unit: line4.unit };
  const expected2 = wanted(taken);
  if (consumed === null && reading.report[6].status === PENDING) check2.add(PENDING, "lot-pending", child);
  else if (held === 0n) check2.add(FAIL, "input-unspent", child, { lot: used.of });
  else if (held !== expected2) check2.add(FAIL, "input-shares", child, { expected: expected2, spent: held, ...params });
  else check2.add(PASS, "input-verified", child, { shares: `${rounded(new Fraction(100n * held, SHARES), 2)} %`, ...params });
}
function custody(check2, child, onChain, taken) {
  if (CLAIMED.has(onChain.custody)) check2.add(WARNING, CLAIMED.get(onChain.custody), child);
  for (const { used, parent } of taken) {
    if (onChain.custody > 0 && onChain.custody < parent.custody) check2.add(FAIL, "custody-stricter", child, { lot: used.of });
  }
}
function wanted(taken) {
  try {
    return taken.reduce((total, { line: line4, used }) => total + sharesFor(amountOf(line4).to("t"), productMass(used)), 0n);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return SHARES + 1n;
  }
}

// backend/web/verify/keyInForce.js
function judge4(statement, chain, registrars) {
  const key2 = chain.keys.get(statement.keyId);
  if (!key2) return [[FAIL, chain.unproven.has(statement.keyId) ? "key-unproven" : "key-unknown", { key: statement.keyId }]];
  const operator = admission(statement, chain.operators.get(key2.operator), chain);
  const refused = refusal(statement, key2, operator, chain);
  if (refused) return [[FAIL, ...refused]];
  const found = [[PASS, "key-in-force", { operator: operator.identifier }]];
  if (key2.role === GATEWAY2) {
    const trusted = key2.attestedBy.find((registrar) => registrars.includes("0x" + registrar));
    const name2 = trusted && (chain.registrars.get(trusted) ?? "0x" + trusted);
    found.push(trusted ? [PASS, "key-attested", { registrar: name2 }] : [PASS, "key-self-declared", {}]);
  }
  return found;
}
function admission(statement, admissions, chain) {
  const found = admissions.find(({ removed }) => !removed || chain.anchoredBefore(statement, removed));
  const tooEarly = found && found !== admissions[0] && chain.anchoredBefore(statement, found.admitted);
  return found && !tooEarly ? found : null;
}
function refusal(statement, key2, operator, chain) {
  const { frame, issuer, log } = statement;
  const over = (end) => end && !chain.anchoredBefore(statement, end);
  if (key2.role !== (frame ? GATEWAY2 : ISSUER)) return ["key-role", {}];
  if (key2.issuer !== issuer) return ["key-issuer", { issuer, registered: key2.issuer }];
  if (key2.role === GATEWAY2 && key2.log !== log.id) return ["key-log", {}];
  if (!operator) return ["key-operator", {}];
  if (!speaksFor(operator.identifier, key2.issuer)) return ["key-name", { issuer: key2.issuer, operator: operator.identifier }];
  if (over(key2.compromised)) return ["key-compromised", {}];
  if (over(key2.retired?.moment) && !backlog(frame, key2.retired)) {
    return ["key-retired", { epoch: key2.retired.epoch, sequence: key2.retired.lastSequence }];
  }
  return null;
}
function backlog(frame, { epoch, lastSequence }) {
  if (!frame) return false;
  const [own, place] = [BigInt(frame.epoch), BigInt(frame.sequence)];
  return own < epoch || own === epoch && place <= lastSequence;
}

// backend/web/verify/labels.js
var CERTIFICATE = 8;
var SHORT = 16;
function checkLabels(reading) {
  const [check2, chain] = [reading.report[10], reading.chain];
  const labels = [...reading.labelling.values()].filter(({ kind: kind2 }) => kind2 === LABEL);
  if (!chain) {
    if (labels.length) check2.add(NOT_CHECKED, "withheld-chain", "", { reason: reading.noChain });
    else check2.add(PASS, "no-labels");
    return;
  }
  const told3 = /* @__PURE__ */ new Set();
  for (const record of reading.lots()) {
    const key2 = reading.key(record);
    const operator = key2 && chain.operators.get(key2.operator)?.at(-1);
    if (!operator) continue;
    const [id, subject2] = [chain.idOf(key2.operator, record.content.of), subjectOf(reading, record, operator.identifier)];
    for (const label of chain.labelling.labels.values()) {
      if (label.subject !== id) continue;
      told3.add(label.statement);
      judge5(new Case(reading, label, subject2));
    }
  }
  const missing = labels.filter(({ id }) => !told3.has(id)).sort((a, b) => a.id < b.id ? -1 : 1);
  for (const { label, content } of missing) check2.add(WARNING, "label-missing", label, { scheme: content.scheme });
  if (!labels.length && !told3.size) check2.add(PASS, "no-labels");
}
function subjectOf(reading, record, maker) {
  const mine = [...reading.footprints.values()].filter((one) => one.content.record === record.id && reading.maker(one) === reading.maker(record)).sort((a, b) => a.index < b.index ? -1 : 1);
  const footprints = new Map(mine.map(({ content }) => [content.profile.id, content]));
  const { of: lot2 } = record.content;
  const assurances = lot2 === reading.bundle.lot ? reading.assurances : [];
  return { lot: lot2, maker, footprints, assurances, categoriesAt: (moment) => categoriesAt(reading, record, moment) };
}
var Case = class {
  constructor(reading, label, subject2) {
    Object.assign(this, { reading, label, subject: subject2 });
    this.chain = reading.chain.labelling;
    this.now = reading.chain.now;
    this.name = label.id.slice(0, SHORT);
    this.onChain = this.chain.schemes.get(label.scheme);
    this.scheme = this.onChain.name;
    this.certifier = reading.chain.operators.get(label.certifier)?.at(-1).identifier ?? "0x" + label.certifier;
  }
  // The statement with that id, if it is here and of that kind, and whose account signed it.
  stated(id, kind2) {
    const found = this.reading.labelling.get(id);
    return found?.kind === kind2 ? { signer: this.reading.key(found)?.operator ?? null, said: found.content } : null;
  }
  add(status2, code, params) {
    this.reading.report[10].add(status2, code, this.subject.lot, params);
  }
};
function judge5(one) {
  const found = one.stated(one.label.statement, LABEL);
  if (!found) {
    one.add(FAIL, "label-unstated", { label: one.name });
    return;
  }
  issued(one, found);
  const held = accreditationOf(one);
  const limits = (held && one.stated(held.scope, ACCREDITATION)?.said) ?? null;
  accredited(one, held, limits, found.said);
  scope(one, limits, found.said);
  if (!inTime2(one)) {
    one.add(WARNING, "label-time", { label: one.name, start: found.said.start, until: found.said.until });
  }
  ended(one);
  criteria(one, found.said);
  recognised(one, found.said);
}
var inTime2 = ({ now, label }) => label.start <= now && now < label.until;
var criteriaId = ({ onChain, label }) => onChain.published[label.version - 1];
function issued(one, { signer, said: said3 }) {
  const { label, subject: subject2 } = one;
  const good = {
    certifier: signer === label.certifier && partyUri(said3.certifier) === one.certifier,
    lot: said3.of === subject2.lot,
    maker: partyUri(said3.maker) === subject2.maker,
    scheme: registeredId(said3.scheme) === label.scheme,
    criteria: said3.criteria === criteriaId(one),
    start: said3.window[0] === label.start,
    until: said3.window[1] === label.until
  };
  const part = Object.keys(good).find((name2) => !good[name2]);
  if (part) one.add(FAIL, "label-differs", { label: one.name, part });
  else {
    const who = { scheme: one.scheme, label: one.name, certifier: one.certifier };
    one.add(PASS, "label-issued", { ...who, start: said3.start, until: said3.until });
  }
}
function accreditationOf({ chain, label: { scheme, certifier, issued: when } }) {
  return chain.accreditations.find(
    (held) => held.scheme === scheme && held.certifier === certifier && before(held.moment, when) && !(held.ended && before(held.ended, when)) && held.start <= when.time && when.time < held.until
  );
}
function accredited(one, held, limits, said3) {
  const whole3 = held && /^0*$/.test(held.scope);
  const same = limits && limits.scheme === said3.scheme && limits.certifier === said3.certifier;
  if (!held || !(whole3 || same)) {
    one.add(FAIL, "label-unaccredited", { certifier: one.certifier, scheme: one.scheme, label: one.name });
  }
}
function scope(one, limits, { category: category2 }) {
  const scheme = one.stated(criteriaId(one), SCHEME)?.said;
  const outside = scheme && !scheme.categories.includes(category2) || limits?.categories.length && !limits.categories.includes(category2);
  if (outside) one.add(FAIL, "label-scope", { label: one.name, category: category2 });
  const own = one.subject.categoriesAt(one.label.issued.time);
  const told3 = { label: one.name, category: category2 };
  if (!own) one.add(NOT_CHECKED, "label-unclassified", told3);
  else if (!own.includes(category2)) one.add(FAIL, "label-category", { ...told3, categories: named3(own) });
}
function ended(one) {
  const last = one.label.changes.at(-1);
  if (!last || last.status === "valid") return;
  const found = one.stated(last.reason, CHANGE);
  const good = found && found.signer === last.by && found.said.label === one.label.id;
  one.add(WARNING, "label-ended", {
    label: one.name,
    status: last.status,
    time: utcText(last.moment.time),
    reason: good ? found.said.reason : "-"
  });
}
function criteria(one, stated) {
  const valid = [];
  for (const id of new Set(stated.uses)) {
    const status2 = usedThen(one, id);
    if (status2) one.add(FAIL, "label-used", { label: one.name, used: id.slice(0, SHORT), status: status2 });
    else valid.push(one.chain.labels.get(id));
  }
  const scheme = one.stated(criteriaId(one), SCHEME)?.said;
  if (!scheme) {
    one.add(NOT_CHECKED, "label-evidence", { label: one.name, criterion: one.scheme });
    return;
  }
  const wanted2 = scheme.criteria.map((each) => each.scheme).filter(Boolean);
  const evidence = {
    ...one.subject,
    attested: stated.attested.map((each) => each.criterion),
    labelled: new Set(wanted2.filter((name2) => allLabelled(one, name2, valid)))
  };
  let good = true;
  for (const each of scheme.criteria) {
    const { met, found } = evaluate(each, evidence);
    good &&= met === true;
    const told3 = { label: one.name, criterion: words2(each) };
    if (met === null) one.add(NOT_CHECKED, "label-evidence", told3);
    else if (!met) one.add(FAIL, "label-criterion", { ...told3, found });
  }
  const attested = scheme.criteria.filter(({ kind: kind2 }) => kind2 === "attested").length;
  if (good) one.add(PASS, "label-met", { label: one.name, count: scheme.criteria.length, attested });
}
function usedThen({ chain, label: { issued: when } }, id) {
  const used = chain.labels.get(id);
  if (!used || before(when, used.issued)) return "unknown";
  const last = used.changes.filter(({ moment }) => before(moment, when)).at(-1);
  if (last && last.status !== "valid") return last.status;
  return used.start <= when.time && when.time < used.until ? null : "expired";
}
function allLabelled({ reading, label }, scheme, valid) {
  const have = new Set(valid.filter((used) => used.scheme === registeredId(scheme)).map(({ subject: subject2 }) => subject2));
  const inputs = reading.chain.lots.get(label.subject)?.inputs ?? [];
  return inputs.length > 0 && inputs.every(({ parent }) => have.has(parent));
}
function recognised(one, stated) {
  const { chain, label, now } = one;
  const categories = [categoryId(stated.category), categoryId("")];
  const ofMarket = (name2) => chain.recognitions.filter(
    ({ market, scheme, category: category2 }) => market === registeredId(name2) && scheme === label.scheme && categories.includes(category2)
  );
  for (const market of stated.markets) {
    if (!ofMarket(market).some((said3) => countedThen(said3, label.issued))) {
      one.add(FAIL, "label-claims", { label: one.name, market });
    }
  }
  if (!inTime2(one) || (label.changes.at(-1)?.status ?? "valid") !== "valid") return;
  for (const market of [...chain.markets.values()].map(({ name: name2 }) => name2).sort(byCodePoint)) {
    const held = ofMarket(market).filter((said3) => !said3.ended && said3.start <= now && now < said3.until);
    const whole3 = held.find(({ accepted }) => accepted & CERTIFICATE);
    const agreed = whole3 ?? held[0];
    if (!agreed) continue;
    const agreement = agreed.agreement.slice(0, SHORT);
    if (!isAgreed(one, agreed, market)) one.add(FAIL, "label-agreement", { market, agreement });
    else if (whole3) one.add(PASS, "label-recognised", { label: one.name, market, agreement });
    else one.add(PASS, "label-partly", { market, scheme: one.scheme, accepted: acceptedWords(agreed.accepted) });
  }
}
function countedThen(said3, when) {
  const over = said3.ended && before(said3.ended, when);
  return before(said3.moment, when) && !over && said3.start <= when.time && when.time < said3.until;
}
function isAgreed(one, agreed, market) {
  const found = one.stated(agreed.agreement, RECOGNITION);
  if (!found) return false;
  const { signer, said: said3 } = found;
  return signer === one.chain.markets.get(agreed.market).authority && said3.market === market && registeredId(said3.scheme) === agreed.scheme && categoryId(said3.category) === agreed.category && said3.accepted === agreed.accepted && said3.window[0] === agreed.start && said3.window[1] === agreed.until;
}

// backend/web/verify/reading.js
function file(lists, name2, statement) {
  if (!lists.has(name2)) lists.set(name2, []);
  lists.get(name2).push(statement);
}
var Reading = class {
  // By maker and lot, a list of record statements.
  #records = /* @__PURE__ */ new Map();
  #byId = /* @__PURE__ */ new Map();
  statements = [];
  footprints = /* @__PURE__ */ new Map();
  declared = /* @__PURE__ */ new Map();
  opinions = /* @__PURE__ */ new Map();
  corrections = /* @__PURE__ */ new Map();
  stages = /* @__PURE__ */ new Map();
  cancellations = /* @__PURE__ */ new Map();
  labelling = /* @__PURE__ */ new Map();
  // schemes, accreditations, labels, their changes, recognitions
  classified = /* @__PURE__ */ new Map();
  assurances = [];
  // of opinions that stand by the lot's declared footprint
  frames = /* @__PURE__ */ new Map();
  // by key id, a list of frames
  // `chain` is what the reader's node said, or null and `noChain` says why.
  constructor(bundle, trust2, chain, noChain, report) {
    Object.assign(this, { bundle, trust: trust2, chain, noChain, report });
  }
  // Files a statement, so that others can name it.
  take(statement) {
    this.statements.push(statement);
    if (!this.#byId.has(statement.id)) this.#byId.set(statement.id, statement);
    if (statement.frame) file(this.frames, statement.keyId, statement);
    if (!statement.content) return;
    if (statement.kind === FOOTPRINT) this.footprints.set(statement.id, statement);
    if (statement.kind === DECLARED) this.declared.set(statement.id, statement);
    if (statement.kind === OPINION) this.opinions.set(statement.id, statement);
    if (statement.kind === CORRECTION) this.corrections.set(statement.id, statement);
    if (statement.kind === STAGE) this.stages.set(statement.id, statement);
    if (statement.kind === CANCELLATION) this.cancellations.set(statement.id, statement);
    if (LABELLING.includes(statement.kind)) this.labelling.set(statement.id, statement);
    if (statement.kind === CLASSIFIED) this.classified.set(statement.id, statement);
    if (statement.kind === RECORD) file(this.#records, `${this.maker(statement)} ${statement.content.of}`, statement);
  }
  #named(id, kind2) {
    const found = this.#byId.get(id);
    return found?.kind === kind2 && found.content ? found : null;
  }
  // The registered key that signed.
  key(statement) {
    return this.chain?.keys.get(statement.keyId) ?? null;
  }
  // Whose statement it is: the operator on chain; without a chain, or a registered key, the issuer.
  maker(statement) {
    return this.key(statement)?.operator ?? statement.issuer;
  }
  // The records of a lot of this name, one list a maker.
  makers(lot2) {
    return [...this.#records.values()].filter(([first]) => first.content.of === lot2);
  }
  // All records, one list a maker and lot.
  everyRecord() {
    return [...this.#records.values()];
  }
  // Each lot's current record: the one that the chain points to, else the last in the log.
  lots() {
    return [...this.#records.values()].map((versions) => this.#current(versions));
  }
  // The current record of the lot that has one maker here.
  record(lot2) {
    const [versions] = this.makers(lot2);
    return versions ? this.#current(versions) : null;
  }
  // The lot's main footprint, whose number a passport shows: the last that the bundle has of its current record.
  shown() {
    const record = this.record(this.bundle.lot);
    return [...this.footprints.values()].filter(({ content }) => record && content.record === record.id).at(-1) ?? null;
  }
  #current(versions) {
    const inOrder = [...versions].sort((a, b) => a.index < b.index ? -1 : a.index > b.index ? 1 : 0);
    const last = inOrder.at(-1);
    const pointed = this.onChain(last)?.versions.at(-1).leaf;
    return inOrder.find(({ leaf }) => leaf === pointed) ?? last;
  }
  // `lots`, and each earlier record on which a footprint rests that goes into another lot.
  used() {
    const found = new Map(this.lots().map((record) => [record.id, record]));
    const lines = [...this.#records.values()].flat().flatMap(({ content }) => content.inputs ?? []);
    for (const id of [...new Set(lines.map(({ footprint }) => footprint).filter(Boolean))].sort()) {
      const printed2 = this.footprints.get(id);
      const rests = printed2 && this.recordOf(printed2);
      if (rests && !found.has(rests.id)) found.set(rests.id, rests);
    }
    return [...found.values()];
  }
  // The record that a footprint is of, current or not, if it is one of `lot`.
  recordOf({ content }, lot2 = lotOf(content)) {
    const found = this.#named(content.record, RECORD);
    return found?.content.of === lot2 ? found : null;
  }
  // A record's lot on chain, under the operator whose key signed it.
  onChain(record) {
    const key2 = this.key(record);
    return key2 ? this.chain.lots.get(lotId(key2.operator, record.content.of)) ?? null : null;
  }
  // Whether the chain may not have been told yet that its lot points to this record.
  pointerUnderWay(record) {
    return this.chain !== null && this.chain.pointerUnderWay(record);
  }
  // The metering plan that a record names, if it is here; whether it may name it is another matter.
  plan(record) {
    return this.#named(record.content.plan, PLAN);
  }
  // Who issued the statement with that id, if it is here.
  issuer(id) {
    return this.#byId.get(id)?.issuer ?? null;
  }
  // Whether the statement is here without its body.
  withheld(id) {
    const found = this.#byId.get(id);
    return found !== void 0 && !found.content;
  }
  // Whether the statement is here with what it says. Of a frame, a page reads no more than its hash.
  isRead(id) {
    const found = this.#byId.get(id);
    return found !== void 0 && Boolean(found.content || found.frame && found.item.body);
  }
  // Whose statement that is, if it is here.
  makerOf(id) {
    const found = this.#byId.get(id);
    return found ? this.maker(found) : null;
  }
  // The living list with that id, if it is here.
  rules(id) {
    return this.#named(id, LIST)?.content ?? null;
  }
  period(id) {
    const found = this.#named(id, PERIOD);
    if (!found) throw new Malformed("period: the energy period that the footprint names is missing");
    return found.content;
  }
  // The energy periods on which footprints of a record rest, of its own maker, as far as they are here.
  periodsOf(record) {
    const rest = [...this.footprints.values()].filter(({ content }) => content.record === record.id && content.period);
    const named4 = [...new Set(rest.map(({ content }) => content.period))].sort();
    const own = named4.filter((id) => this.makerOf(id) === this.maker(record));
    return own.map((id) => this.#named(id, PERIOD)?.content).filter(Boolean);
  }
  factor(ref2) {
    const found = this.#named(ref2.set, FACTORS);
    if (!found) throw new Malformed("factor: the factor set that the footprint names is missing");
    return found.content.get(ref2.id);
  }
  certificate(id) {
    const found = this.cancellations.get(id);
    if (!found) throw new Malformed("certificates: the cancellation that the footprint names is missing");
    return found.content;
  }
  footprint(id) {
    const found = this.footprints.get(id);
    if (!found) throw new Malformed("inputs: the footprint of an input lot is missing");
    return found.content;
  }
};

// backend/web/verify/carbon.js
var LUMP = "CO2e";
function gasOf({ id, unit }) {
  if (!unit.startsWith("kg ") || unit.length < 4) throw new Malformed(`factor: ${id} is in ${unit}, not in kg of a gas`);
  return unit.slice(3);
}
var isLump = (factor2) => gasOf(factor2) === LUMP;
var Carbon = class {
  weighed = /* @__PURE__ */ new Map();
  masses = /* @__PURE__ */ new Map();
  #put(map, name2, amount) {
    map.set(name2, (map.get(name2) ?? ZERO).plus(amount));
  }
  emit(category2, gas, mass, weighed) {
    this.#put(this.weighed, category2, weighed);
    this.#put(this.masses, `${category2}|${gas}`, mass);
    return this;
  }
  add(other, times) {
    for (const [name2, amount] of other.weighed) this.#put(this.weighed, name2, amount.times(times));
    for (const [name2, mass] of other.masses) this.#put(this.masses, name2, mass.times(times));
    return this;
  }
  // kg CO2e of these categories together.
  of(categories) {
    return sum(categories.map((category2) => this.weighed.get(category2) ?? ZERO));
  }
  bring(upstream, tonnes3) {
    for (const { category: category2, emissions } of upstream.categories) {
      this.#put(this.weighed, category2, decimal(emissions, "categories").times(tonnes3));
    }
    for (const { category: category2, gas, kg } of upstream.masses) this.#put(this.masses, `${category2}|${gas}`, decimal(kg, "masses").times(tonnes3));
    return this;
  }
  // [category, gas, kg] in their order.
  inOrder() {
    const found = [...this.masses].map(([name2, mass]) => [...name2.split(/\|(.*)/s).slice(0, 2), mass]);
    return found.sort((a, b) => CATEGORIES.indexOf(a[0]) - CATEGORIES.indexOf(b[0]) || byCodePoint(a[1], b[1]));
  }
};
function emitted2(factor2, amount, profile) {
  const mass = amount.to(factor2.per).times(factor2.amount);
  const [gas, found] = [gasOf(factor2), new Carbon()];
  if (gas === LUMP) {
    if (profile.gases.lumps === "refuse") refuse(profile.gases, `${factor2.id} is in kg CO2e and does not say of which gases`);
    return found.emit(factor2.flow, `${LUMP} (${factor2.gwp_set ?? "set not stated"})`, mass, mass);
  }
  if (profile.gases.gases && !profile.gases.gases.includes(gas)) return found;
  return found.emit(factor2.flow, gas, mass, mass.times(weight(gas, factor2.flow, profile.gases)));
}

// backend/web/verify/market.js
var PLACES3 = 3;
var RESIDUAL = "electricity-residual";
var SOURCES2 = SOURCES.map((source2) => `${ELECTRICITY}-${source2}`);
function certified(record, { certificates, region }, profile, sources) {
  const rule = profile.instruments;
  if (certificates.length && !rule) refuse(profile.electricity, "certificates do not count, electricity is counted by location");
  const [found, taken] = [/* @__PURE__ */ new Map(), []];
  for (const { cancellation, first: from, last: to } of certificates) {
    const stated = sources.certificate(cancellation);
    const one = { registry: stated.registryId, first: serial(from, "certificates.first"), last: serial(to, "certificates.last") };
    const fault = faultOf(record, region, one, stated, taken);
    if (fault) refuse(rule, `serials ${from} to ${to} of ${stated.registry}: ${fault}`);
    taken.push(one);
    const subject2 = `${ELECTRICITY}-${stated.source}`;
    const more = new Fraction((one.last - one.first + 1n) * BigInt(stated.wh_per_serial), 1000n);
    found.set(subject2, (found.get(subject2) ?? ZERO).plus(more));
  }
  return found;
}
function faultOf({ facility, zone, window: window3 }, region, { registry, first, last }, stated, taken) {
  const [start, end] = stated.serials;
  if (first < start || last < first || end < last) return "not within the cancellation";
  if (taken.some((one) => one.registry === registry && first <= one.last && one.first <= last)) return "counted twice";
  const [opened2, closed] = window3.map((moment) => localDate(moment, zone));
  const [outside] = unfit(stated, { facility, opened: opened2, closed, used: [region.split("-")[0]] });
  return outside ? `outside their ${outside[0].replace("claim-", "")}` : null;
}
function cover(lines, wanted2) {
  const cut = lines.map(() => []);
  const left = lines.map((line4) => wanted2.size && line4.subject === ELECTRICITY ? kWh(line4) : ZERO);
  for (const [subject2, amount] of within3(wanted2, sum(left))) {
    const whole3 = sum(left);
    const exact = left.map((one) => whole3.numerator ? amount.times(one).over(whole3) : ZERO);
    apportioned(exact, PLACES3).parts.forEach((part, place) => {
      const covered = decimal(part, "quantity");
      if (!covered.numerator) return;
      cut[place].push(of4(lines[place], subject2, part));
      left[place] = left[place].minus(covered);
    });
  }
  lines.forEach((line4, place) => {
    if (!cut[place].length) cut[place].push(line4);
    else if (left[place].numerator) cut[place].push(of4(line4, ELECTRICITY, rounded(left[place], PLACES3)));
  });
  return cut;
}
function surplus(wanted2, components) {
  const covered = components.filter(({ kind: kind2, estimated: estimated2, subject: subject2 }) => (kind2 === "primary" || estimated2) && wanted2.has(subject2));
  const counted2 = sum(covered.map((one) => decimal(one.quantity, "quantity")));
  return counted2.compare(sum([...wanted2.values()])) < 0;
}
function checkSources(profile, subject2, used) {
  for (const one of used) {
    const ofSource = SOURCES2.includes(one.subject) || SOURCES2.includes(subject2) && one.boundary.includes("generation");
    if (ofSource && one.subject !== subject2) {
      refuse(profile.instruments ?? profile.electricity, `${one.id} is a factor of ${one.subject}, not of ${subject2}`);
    }
  }
}
function within3(wanted2, used) {
  const whole3 = sum([...wanted2.values()]);
  if (whole3.compare(used) <= 0) return wanted2;
  const { parts } = apportioned([...wanted2.values()].map((one) => one.times(used).over(whole3)), PLACES3);
  return new Map([...wanted2.keys()].map((subject2, i) => [subject2, decimal(parts[i], "quantity")]));
}
function kWh({ name: name2, quantity: amount, unit }) {
  const found = quantity2(amount, unit, "quantity").to("kWh");
  if (found.compare(ZERO) < 0 || found.times(new Fraction(1000n)).denominator !== 1n) {
    throw new Malformed(`quantity: ${name2}: ${amount} ${unit} is no whole number of watt-hours`);
  }
  return found;
}
var of4 = (line4, subject2, amount) => ({ ...line4, subject: subject2, quantity: amount, unit: "kWh" });

// backend/web/verify/quality.js
var PLACES4 = 1;
var NAMES = ["technological", "geographical", "temporal"];
var whole2 = (number2) => new Fraction(BigInt(number2));
var covers2 = (factorRegion, region) => factorRegion === region || factorRegion.startsWith(`${region}-`) || region.startsWith(`${factorRegion}-`);
function geographical(factor2, region) {
  if (factor2.region === region) return 1;
  if (covers2(factor2.region, region)) return 2;
  return factor2.region === "GLO" ? 4 : 5;
}
function ofFactor(factor2, subject2, region, runEnd, rule) {
  const age = Math.abs(new Date(runEnd * 1e3).getUTCFullYear() - Number(factor2.year));
  const temporal = 1 + rule.years.filter((bound) => age > bound).length;
  return [factor2.subject === subject2 ? 2 : 4, geographical(factor2, region), temporal].map(whole2);
}
var ofFootprint = ({ quality }) => quality ? NAMES.map((name2) => decimal(quality[name2], `quality.${name2}`)) : [5, 5, 5].map(whole2);
function weighted(parts) {
  const listed = parts.filter(({ amount }) => amount.compare(ZERO) > 0);
  const total = sum(listed.map(({ amount }) => amount));
  if (!total.compare(ZERO)) return null;
  const mean = (i) => sum(listed.map(({ ratings, amount }) => ratings[i].times(amount))).over(total);
  return Object.fromEntries(NAMES.map((name2, i) => [name2, rounded(mean(i), PLACES4)]));
}

// backend/web/verify/flagged.js
var OUTSIDE = "energy outside runs";
var ONE4 = new Fraction(1n);
var SUPPLEMENTS = ["transmission-losses", "fuel-supply"];
function flagsOf(record, parts, profile, choices, sharing, wanted2) {
  const found = parts.flatMap(({ component: component2, factors, primary }) => [
    ...component2.kind === "secondary" && !component2.estimated ? [`${component2.name}: no evidence from upstream, counted by a secondary factor`] : [],
    ...ofFactors(component2.subject, factors, profile, choices.region),
    ...component2.overhead && primary.compare(ONE4) < 0 ? ["part of the energy outside runs is estimated, for want of readings"] : []
  ]);
  found.push(...ofContracts(parts, profile, wanted2));
  if (sharing.stated.method === "mass") found.push("burden shared with co-products by mass");
  if (sharing.stated.method === "economic") found.push("burden shared with co-products by value");
  if (sharing.stated.subdivided.length) found.push("some metering points serve one output alone");
  if (profile.allocation.value_ratio && sharing.stated.method === "mass" && !sharing.prices.length) {
    found.push("prices of the co-products are not stated: whether mass is allowed was not tested");
  }
  if (record.activity.some(({ split: split2 }) => split2)) found.push("metering intervals cut by the run's bounds were split pro rata");
  if (record.activity.some(({ gaps }) => gaps.length)) found.push("metering gaps: energy not metered is not counted");
  for (const one of record.activity.filter(({ estimated: estimated2 }) => estimated2)) {
    found.push(`${one.point} ${estimatedPercent(one)} %: estimated, for want of readings`);
    if (mostlyEstimated(one)) found.push(`${one.point}: most of it is estimated`);
  }
  if (record.activity.some(({ implausible }) => implausible)) {
    found.push("readings outside the metering plan's plausible range are counted");
  }
  if (record.activity.some(({ frozen }) => frozen)) found.push("readings of a meter that repeated itself are counted");
  if (profile.overhead.required && choices.period === null) found.push("energy outside runs is not shared out yet");
  if (parts.some(({ upstream }) => upstream?.status === "provisional")) found.push("an input lot's footprint is provisional");
  return [...new Set(found)];
}
function ofContracts(parts, profile, wanted2) {
  const found = [];
  const rest = parts.filter(({ component: component2 }) => component2.subject === ELECTRICITY);
  if (profile.instruments && rest.some(({ factors }) => factors.every(({ subject: subject2 }) => subject2 !== RESIDUAL))) {
    found.push("no residual mix known: grid mix");
  }
  if (surplus(wanted2, parts.map(({ component: component2 }) => component2))) {
    found.push("certificates of more electricity than was used: the surplus is not counted");
  }
  return found;
}
function ofFactors(subject2, used, profile, region) {
  if (!used.length) return [];
  const found = [];
  const base = SOURCES2.includes(subject2) ? ELECTRICITY : subject2;
  const own = [subject2, ...SUPPLEMENTS.map((part) => `${base}-${part}`)];
  if (profile.instruments && subject2 === ELECTRICITY) own.push(RESIDUAL);
  for (const one of used) {
    if (!own.includes(one.subject)) found.push(`${one.id}: a factor of ${one.subject}, used for ${subject2}`);
    if (one.category === ELECTRICITY && !covers2(one.region, region)) found.push(`${one.id}: of another region`);
    if (isLump(one) && one.gwp_set === null) found.push(`${one.id}: CO2e by a set of GWPs that is not stated`);
    else if (isLump(one) && one.gwp_set !== profile.gases.gwp_set) found.push(`${one.id}: CO2e by another set of GWPs`);
  }
  const counted2 = new Set(used.flatMap(({ boundary }) => boundary));
  if (used[0].category === ELECTRICITY) {
    for (const missing of profile.electricity.required.filter((part) => !counted2.has(part))) {
      found.push(`${used[0].id}: ${missing.replaceAll("-", " ")} not included`);
    }
  }
  const onlyCarbonDioxide = (several2) => several2.every(({ gases }) => gases.length && gases.every((gas) => gas === "CO2"));
  if (profile.gases.gases === null) {
    const parts = used[0].category === ELECTRICITY ? used.map((one) => [one]) : [used];
    for (const part of parts) if (onlyCarbonDioxide(part)) found.push(`${part[0].id}: CO2 only`);
  }
  return found;
}

// backend/web/verify/sharing.js
var SHARE_PLACES2 = 6;
var ONE5 = new Fraction(1n);
var NOTHING = { method: "none", reason: "", subdivided: [], shares: [] };
var tonnes2 = (output2) => amountOf(output2).to("t");
function shared(record, chosen, rule) {
  const outputs = record.outputs.filter(({ role }) => role === "product" || role === "co-product");
  const products = outputs.filter(({ role }) => role === "product");
  const mass = sum(products.map(tonnes2));
  if (mass.compare(ZERO) <= 0) refuse(rule, "the record has no product with a mass");
  if (products.length === outputs.length) return { stated: NOTHING, prices: [], ofProduct: () => ONE5.over(mass) };
  if (new Set(outputs.map(({ name: name2 }) => name2)).size !== outputs.length) {
    refuse(rule, "two outputs have one name, and shares are stated by name");
  }
  const method = chosen.method === "none" ? "mass" : chosen.method;
  if (!rule.methods.includes(method)) refuse(rule, `allocation by ${method} is not allowed`);
  byRatio(rule, method, outputs, chosen);
  const keys = method === "economic" ? values(rule, outputs, chosen) : outputs.map(tonnes2);
  const whole3 = sum(keys);
  const published4 = apportioned(keys.map((key2) => key2.over(whole3)), SHARE_PLACES2).parts;
  const shares = outputs.map(({ name: name2 }, i) => ({ output: name2, share: published4[i] }));
  const part = sum(keys.filter((_, i) => outputs[i].role === "product")).over(whole3);
  const alone = servesAlone(rule, record, outputs, chosen);
  const { reason, prices, subdivided } = chosen;
  return { stated: { method, reason, subdivided, shares }, prices, ofProduct: (point2) => (alone.get(point2) ?? part).over(mass) };
}
function byRatio(rule, method, outputs, chosen) {
  if (rule.value_ratio === null || !chosen.prices.length) return;
  const sorted = pricesOf(rule, outputs, chosen).sort((a, b) => a.compare(b));
  const byValue = sorted.at(-1).over(sorted[0]).compare(decimal(rule.value_ratio, "value_ratio")) > 0;
  if (byValue !== (method === "economic")) {
    refuse(rule, `by the prices stated, allocation is by ${byValue ? "economic" : "mass"}, not by ${method}`);
  }
}
function values(rule, outputs, chosen) {
  if (!chosen.reason.trim()) refuse(rule, "allocation by value needs a reason why not by mass");
  const prices = pricesOf(rule, outputs, chosen);
  const found = outputs.map((output2, i) => tonnes2(output2).times(prices[i]));
  if (found.some((value) => value.compare(ZERO) <= 0)) refuse(rule, "an output has no mass");
  return found;
}
function pricesOf(rule, outputs, { prices }) {
  const priced = new Map(prices.map((price2) => [price2.output, price2]));
  if (priced.size !== prices.length || priced.size !== outputs.length || !outputs.every(({ name: name2 }) => priced.has(name2))) {
    refuse(rule, "there must be one price for each product and co-product");
  }
  if (new Set(prices.map(({ currency }) => currency)).size !== 1) refuse(rule, "prices are in more than one currency");
  const found = outputs.map(({ name: name2 }) => decimal(priced.get(name2).value, "prices"));
  if (found.some((value) => value.compare(ZERO) <= 0)) refuse(rule, "a price is not positive");
  return found;
}
function servesAlone(rule, record, outputs, { subdivided }) {
  if (subdivided.length && !rule.subdivision) refuse(rule, "subdivision is not allowed");
  const roles = new Map(outputs.map(({ name: name2, role }) => [name2, role]));
  const metered = new Set(record.activity.map(({ point: point2 }) => point2));
  const found = /* @__PURE__ */ new Map();
  for (const { point: point2, output: output2 } of subdivided) {
    if (!roles.has(output2) || !metered.has(point2) || found.has(point2)) {
      refuse(rule, `${point2} serves ${output2}: no such point, or output, or it is said twice`);
    }
    found.set(point2, roles.get(output2) === "product" ? ONE5 : ZERO);
  }
  return found;
}

// backend/web/verify/calculation.js
var MASS_PLACES = 6;
var UNIT_PLACES = 6;
var ONE6 = new Fraction(1n);
var UPTAKE = "biogenic uptake";
function calculate3(record, stated, sources) {
  const profile = namedProfile(stated.profile);
  const choices = choicesOf(stated);
  checkProduct(profile.product, choices.product);
  checkCutOff(profile["cut-off"], choices.exempted);
  const sharing = shared(record, choices.allocation, profile.allocation);
  const wanted2 = certified(record, choices, profile, sources);
  const work = { record, recordId: stated.record, profile, choices, sources, sharing, by: stated.profile.id };
  const parts = [...energyOf(work, wanted2), ...inputsOf2(work)];
  const { counted: counted2 } = profile.categories;
  const exact = parts.map(({ carbon, perTonne }) => carbon.of(counted2).times(perTonne));
  const published4 = apportioned(exact, PLACES);
  const components = parts.map(({ component: component2 }, i) => ({ ...component2, emissions: published4.parts[i] }));
  const whole3 = new Carbon();
  for (const { carbon, perTonne } of parts) whole3.add(carbon, perTonne);
  return {
    gtin: record.of.split("/")[0],
    lot: record.lot,
    facility: record.facility,
    region: choices.region,
    record: stated.record,
    profile: stated.profile,
    per_tonne: published4.total,
    stages: stagesOf(components),
    categories: categoriesOf2(whole3, counted2),
    masses: whole3.inOrder().map(([category2, gas, kg]) => ({ category: category2, gas, kg: rounded(kg, MASS_PLACES) })),
    primary_data_share: primaryShare(parts, counted2),
    allocation: sharing.stated,
    exempted: choices.exempted,
    excluded: profile.boundary.excluded,
    flags: flagsOf(record, parts, profile, choices, sharing, wanted2),
    status: statusOf(record, parts, profile, choices),
    quality: profile.quality.rated ? weighted(ratingsOf(parts)) : null,
    product: profile.product.required.length ? choices.product : null,
    functional: functionalOf(sum(exact), profile.product, choices.product),
    period: choices.period,
    certificates: choices.certificates,
    supersedes: stated.supersedes,
    prices: sharing.prices,
    components
  };
}
var made = (stage2, line4, subject2, kind2, footprint = null) => ({
  stage: stage2,
  name: line4.name,
  subject: subject2,
  kind: kind2,
  quantity: line4.quantity,
  unit: line4.unit,
  emissions: "",
  factors: [],
  footprint,
  overhead: false,
  estimated: false
});
function energyOf(work, wanted2) {
  const lines = [...linesOf(work)];
  const cut = cover(lines.map(([line4]) => line4), wanted2);
  return lines.flatMap(([, primary, perTonne], place) => cut[place].map((one) => byFactors(work, one, primary, perTonne)));
}
function* linesOf(work) {
  const { record, profile, choices, sources, sharing } = work;
  const counts2 = (carrier2) => carrierOf(carrier2).category !== ELECTRICITY || profile.boundary.electricity;
  for (const activity2 of record.activity.filter(({ carrier: carrier2 }) => counts2(carrier2))) {
    if (activity2.basis === "gross") {
      throw new Malformed(`factor: ${activity2.point}: energy by gross calorific value, factors of fuels are for the net one`);
    }
    const component2 = made("production", { ...activity2, name: activity2.point }, activity2.carrier, "primary");
    yield [component2, ONE6, sharing.ofProduct(activity2.point)];
    if (activity2.estimated) {
      const { quantity: more } = activity2.estimated;
      yield [{ ...component2, kind: "secondary", quantity: more, estimated: true }, ZERO, sharing.ofProduct(activity2.point)];
    }
  }
  if (choices.period !== null) {
    if (!profile.overhead.counted) refuse(profile.overhead, "energy outside runs is not part of it");
    const period = sources.period(choices.period);
    if (period.facility !== record.facility) throw new Malformed("period: the energy period is another facility's");
    isOf(period, work.recordId, record, counts2);
    for (const balance of period.of(work.recordId).filter(({ carrier: carrier2 }) => counts2(carrier2))) {
      const component2 = made("production", { ...balance, name: OUTSIDE }, balance.carrier, "primary");
      yield [{ ...component2, overhead: true }, balance.read, sharing.ofProduct(null)];
    }
  }
}
function* inputsOf2(work) {
  const { record, sharing } = work;
  const closed = looped(record);
  for (const line4 of record.inputs) {
    const material = secondary(work, line4);
    if (material === null) yield ofLot(work, line4);
    else if (closed.includes(line4)) yield brought(made("raw material", line4, material, "primary"), sharing.ofProduct(null));
    else yield byFactors(work, made("raw material", line4, material, "secondary"), ZERO, sharing.ofProduct(null));
  }
}
function secondary({ choices, sources, by }, line4) {
  if (line4.material === null || line4.footprint === null || parentOf(line4) === null) return line4.material;
  return choices.parents.has(parentOf(line4)) || sources.footprint(line4.footprint).profile.id === by ? null : line4.material;
}
function isOf(period, recordId, record, counts2) {
  const [opened2, closed] = record.window;
  if (!(utcSeconds(period.start, "start") <= opened2 && closed <= utcSeconds(period.end, "end"))) {
    throw new Malformed("period: the run is not within the energy period");
  }
  const tonnes3 = period.lots.find((lot2) => lot2.record === recordId)?.tonnes;
  if (tonnes3 !== void 0 && decimal(tonnes3, "tonnes").compare(productMass(record)) !== 0) {
    throw new Malformed(`period: the energy period has ${tonnes3} t of the lot, its record another mass`);
  }
  const known2 = period.balances.map(({ carrier: carrier2 }) => carrier2);
  const lacking = record.activity.find(({ carrier: carrier2 }) => counts2(carrier2) && !known2.includes(carrier2));
  if (lacking) throw new Malformed(`period: the energy period has no ${lacking.carrier}`);
}
var withoutUptake = (counted2) => counted2.filter((category2) => category2 !== UPTAKE);
var brought = (component2, perTonne) => ({
  component: component2,
  carbon: new Carbon(),
  perTonne,
  primary: ONE6,
  ratings: [],
  factors: [],
  upstream: null
});
function byFactors({ record, profile, choices, sources }, component2, primary, perTonne) {
  const refs = choices.factors.get(component2.subject) ?? [];
  if (!refs.length) throw new Malformed(`factor: none is chosen for ${component2.subject}`);
  const factors = refs.map((ref2) => sources.factor(ref2));
  checkFactors(profile, component2.subject, factors, component2.kind === "primary" || component2.estimated);
  const amount = quantity2(component2.quantity, component2.unit, "quantity");
  const carbon = new Carbon();
  const ratings = factors.map((one) => {
    const found = emitted2(one, amount, profile);
    carbon.add(found, ONE6);
    const rated = ofFactor(one, component2.subject, choices.region, record.window[1], profile.quality);
    return { ratings: rated, amount: found.of(withoutUptake(profile.categories.counted)) };
  });
  return { component: { ...component2, factors: refs }, carbon, perTonne, primary, ratings, factors, upstream: null };
}
function ofLot({ profile, choices, sources, sharing, by }, line4) {
  if (line4.footprint === null) throw new Malformed(`inputs: ${line4.name}: the input lot has no footprint`);
  const parent = parentOf(line4);
  const chosen = choices.parents.get(parent) ?? line4.footprint;
  const upstream = sources.footprint(chosen);
  if (lotOf(upstream) !== parent) throw new Malformed(`inputs: ${line4.name}: the footprint named is another lot's`);
  if (upstream.profile.id !== by) throw new Malformed(`inputs: ${line4.name}: the footprint named is by ${upstream.profile.id}`);
  if (chosen !== line4.footprint && sources.footprint(line4.footprint).record !== upstream.record) {
    throw new Malformed(`inputs: ${line4.name}: the footprint named is of another record of the lot`);
  }
  const carbon = new Carbon().bring(upstream, amountOf(line4).to("t"));
  const ratings = [{ ratings: ofFootprint(upstream), amount: carbon.of(withoutUptake(profile.categories.counted)) }];
  const primary = decimal(upstream.primary_data_share, "primary_data_share");
  const component2 = made("raw material", line4, parent, "supplier", chosen);
  return { component: component2, carbon, perTonne: sharing.ofProduct(null), primary, ratings, factors: [], upstream };
}
var words3 = (names2) => [...names2].map((name2) => name2.replaceAll("-", " ")).join(", ");
var categoryOf = (subject2) => SOURCES2.includes(subject2) ? ELECTRICITY : carrierOf(subject2).category;
function checkFactors(profile, subject2, used, metered) {
  const { electricity, boundary } = profile;
  const counted2 = /* @__PURE__ */ new Set();
  const category2 = metered ? categoryOf(subject2) : "material";
  if (category2 === ELECTRICITY) checkSources(profile, subject2, used);
  for (const one of used) {
    if (metered ? one.category !== category2 : one.category === ELECTRICITY) {
      throw new Malformed(`factor: ${one.id} is a factor of ${one.category}, not of ${subject2}`);
    }
    if (one.category === ELECTRICITY) {
      const twice = one.boundary.filter((part) => counted2.has(part));
      if (twice.length) refuse(electricity, `${one.id} counts ${words3(new Set(twice.sort()))} once more`);
      for (const part of one.boundary) counted2.add(part);
    }
    const wanted2 = boundary.material_boundary;
    if (one.category === "material" && wanted2 !== null && (one.boundary.length !== 1 || one.boundary[0] !== wanted2)) {
      refuse(boundary, `${one.id} counts ${words3(one.boundary)}, not ${wanted2}`);
    }
  }
  checkGases(subject2, category2, used);
  const missing = electricity.required.filter((part) => !counted2.has(part));
  if (category2 === ELECTRICITY && electricity.incomplete === "refuse" && missing.length) {
    const ids = used.map(({ id }) => id).join(" + ");
    refuse(electricity, `${ids}: ${words3(missing)} not included, and no factor adds it`);
  }
}
function checkGases(subject2, category2, used) {
  if (category2 === "gas") {
    const whole3 = sum(used.map((one) => decimal(one.value, "value").over(scale(one.per, "kg"))));
    if (whole3.compare(ONE6) !== 0) throw new Malformed(`factor: ${subject2}: the gases chosen are not all of it, and nothing else`);
    return;
  }
  const told3 = used.map((one) => one.flow !== UPTAKE && (isLump(one) || gasOf(one) === "CO2"));
  if (!(category2 === ELECTRICITY ? told3.every(Boolean) : told3.some(Boolean))) {
    throw new Malformed(`factor: ${subject2}: the CO2 is missing among the factors chosen`);
  }
}
function checkProduct(rule, facts) {
  for (const name2 of rule.required) {
    if (!facts?.[name2]) refuse(rule, `the product's ${name2.replaceAll("_", " ")} is not stated`);
  }
  if (rule.cn_prefixes.length && facts && !rule.cn_prefixes.some((prefix) => String(facts.cn_code).startsWith(prefix))) {
    refuse(rule, `CN ${facts.cn_code} is not among the goods of this profile`);
  }
}
function checkCutOff(rule, { percent: stated, reason }) {
  const percent = decimal(stated, "exempted.percent");
  if (percent.compare(ZERO) < 0 || percent.compare(new Fraction(100n)) >= 0) refuse(rule, `${stated} % cannot be exempted`);
  if (percent.compare(ZERO) > 0 && !reason.trim()) refuse(rule, "what is exempted needs a reason");
  if (rule.max_percent !== null && percent.compare(decimal(rule.max_percent, "max_percent")) > 0) {
    refuse(rule, `${stated} % are exempted, at most ${rule.max_percent} % may be`);
  }
}
function stagesOf(components) {
  const sums = /* @__PURE__ */ new Map();
  for (const { stage: stage2, kind: kind2, emissions } of components) {
    const name2 = `${stage2} ${kind2}`;
    const total = (sums.get(name2)?.total ?? ZERO).plus(decimal(emissions, "emissions"));
    sums.set(name2, { stage: stage2, kind: kind2, total });
  }
  return [...sums.values()].map(({ stage: stage2, kind: kind2, total }) => ({ stage: stage2, kind: kind2, emissions: rounded(total, PLACES) }));
}
function categoriesOf2(whole3, counted2) {
  const cut = apportioned(counted2.map((category2) => whole3.of([category2])), PLACES).parts;
  return CATEGORIES.map((category2) => {
    const place = counted2.indexOf(category2);
    const emissions = place >= 0 ? cut[place] : rounded(whole3.of([category2]), PLACES);
    return { category: category2, emissions, counted: place >= 0 };
  });
}
function primaryShare(parts, counted2) {
  const amounts = parts.map(({ carbon, perTonne }) => carbon.of(withoutUptake(counted2)).times(perTonne));
  const whole3 = sum(amounts);
  const primary = sum(amounts.map((amount, i) => amount.times(parts[i].primary)));
  return rounded(whole3.compare(ZERO) > 0 ? primary.over(whole3) : ZERO, SHARE_PLACES);
}
var ratingsOf = (parts) => parts.flatMap(({ ratings, perTonne }) => ratings.map((one) => ({ ratings: one.ratings, amount: one.amount.times(perTonne) })));
function statusOf(record, parts, { overhead }, { period }) {
  const open = overhead.required && period === null;
  const gaps = record.activity.some((activity2) => activity2.gaps.length || mostlyEstimated(activity2));
  return open || gaps || parts.some(({ upstream }) => upstream?.status === "provisional") ? "provisional" : "final";
}
function functionalOf(total, rule, facts) {
  if (rule.functional_unit === null || facts === null) return null;
  const energy = decimal(String(facts.service_life_kwh_per_tonne), "service_life_kwh_per_tonne");
  if (energy.compare(ZERO) <= 0) refuse(rule, "the energy over the service life is not positive");
  return { unit: rule.functional_unit, emissions: rounded(total.over(energy), UNIT_PLACES) };
}

// backend/web/verify/recomputed.js
async function checkRecomputed(reading, pause) {
  const check2 = reading.report[8];
  for (const record of reading.used()) {
    const plan = ownPlan(reading, record, reading.plan(record));
    check2.add(NOT_CHECKED, unmetered(reading, record, plan), record.content.of);
    await pause();
  }
  for (const statement of reading.footprints.values()) {
    const record = reading.recordOf(statement);
    if (record) check2.attempt("not-computable", lotOf(statement.content), () => recompute3(reading, statement.content, record));
    await pause();
  }
  checkDeclaredRecomputed(reading);
  checkStages(reading);
  published3(reading);
}
function published3(reading) {
  const sets = [...reading.footprints.values()].flatMap(({ content }) => setsUsed(content));
  for (const publisher of [...new Set(sets.map((set) => reading.issuer(set)).filter(Boolean))].sort()) {
    const known2 = reading.trust.publishers.includes(publisher);
    reading.report[8].add(known2 ? PASS : WARNING, known2 ? "factors-published" : "factors-unknown", "", { publisher });
  }
}
function recompute3(reading, stated, record) {
  const [check2, lot2, facts] = [reading.report[8], lotOf(stated), record.content];
  const period = stated.period === null ? null : reading.makerOf(stated.period);
  if (period !== null && period !== reading.maker(record)) check2.add(FAIL, "period-foreign", lot2);
  const named4 = [stated.period, ...stated.certificates.map(({ cancellation }) => cancellation)];
  const hidden = named4.some((id) => reading.withheld(id));
  if (hidden || [stated.components, stated.prices, facts.outputs, facts.inputs, facts.activity].includes(null)) {
    check2.attempt("not-computable", lot2, () => namedProfile(stated.profile));
    for (const [part, given, computed2] of contradictions(stated)) check2.add(FAIL, "footprint-differs", lot2, { part, stated: given, computed: computed2 });
    check2.add(NOT_CHECKED, "withheld", lot2);
    return;
  }
  const computed = calculate3(facts, stated, reading);
  const differing2 = differences(MEMBERS, stated, computed);
  for (const params of differing2) check2.add(FAIL, "footprint-differs", lot2, params);
  if (!differing2.length) check2.add(PASS, "footprint-recomputed", lot2, { value: stated.per_tonne, profile: stated.profile.id });
}

// backend/web/verify/checks.js
var BREATH = 12;
function pauses() {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BREATH) return;
    await new Promise((resume) => setTimeout(resume));
    last = performance.now();
  };
}
async function verify(bytes, shown, trust2, rpc, progress) {
  const report = newReport();
  const bundle = report[0].attempt("malformed", "", () => readBundle(bytes));
  if (!bundle) return report;
  const pause = pauses();
  const keys = readKeys(bundle, report[0]);
  const statements = await readStatements(bundle, report[0], pause);
  await checkSignatures(statements, keys, report[2], pause, progress);
  await checkDisclosures(statements, keys, report[3], pause);
  const { chain, noChain } = await chainOf(bundle, statements, trust2, rpc, report[5], pause);
  const reading = new Reading(bundle, trust2, chain, noChain, report);
  for (const statement of statements) reading.take(statement);
  checkLot(reading, shown);
  for (const [number2, step2] of STEPS) {
    try {
      await step2(reading, pause);
    } catch (error) {
      report[number2].add(FAIL, "malformed", "", { reason: reasonOf(error) });
    }
  }
  return report;
}
var STEPS = [
  [1, checkKeys],
  [4, checkIncluded],
  [5, checkFinal],
  [6, checkCurrent],
  [7, checkEvidence],
  [8, checkRecomputed],
  [9, checkInputs],
  [10, checkOpinions],
  [10, checkClassified2],
  [10, checkLabels],
  [10, checkClaims]
];
function readKeys(bundle, check2) {
  const keys = /* @__PURE__ */ new Map();
  for (const cose of bundle.keys) {
    const key2 = check2.attempt("malformed", "key", () => readKey(cose));
    if (key2) keys.set(hex(key2.id), key2);
  }
  return keys;
}
async function readStatements(bundle, check2, pause) {
  const statements = [];
  for (const item of bundle.items) {
    const statement = check2.attempt("malformed", `entry ${item.index}`, () => readStatement(item));
    if (statement) statements.push(statement);
    await pause();
  }
  if (tooMany(statements)) {
    check2.add(FAIL, "too-many-records", "", { count: MAX_RECORDS });
    return [];
  }
  if (statements.length === bundle.items.length) check2.add(PASS, "well-formed", "", { count: statements.length });
  return statements;
}
async function checkKeys({ report, statements, chain, noChain, trust: trust2 }, pause) {
  const check2 = report[1];
  if (!chain) {
    check2.add(NOT_CHECKED, "withheld-chain", "", { reason: noChain });
    return;
  }
  const told3 = /* @__PURE__ */ new Set();
  for (const statement of statements) {
    for (const [status2, code, params] of judge4(statement, chain, trust2.registrars)) {
      const known2 = `${statement.keyId} ${code}`;
      if (status2 === FAIL || !told3.has(known2)) check2.add(status2, code, statement.label, params);
      told3.add(known2);
    }
    await pause();
  }
}
async function checkSignatures(statements, keys, check2, pause, progress) {
  let good = 0;
  for (const [place, statement] of statements.entries()) {
    const key2 = keys.get(statement.keyId);
    if (!key2) check2.add(FAIL, "key-missing", statement.label, { key: statement.keyId });
    else if (signatureVerifies(statement, key2)) good += 1;
    else check2.add(FAIL, "signature-invalid", statement.label, { reason: "the signature does not verify" });
    progress?.((place + 1) / statements.length);
    await pause();
  }
  if (good) check2.add(PASS, "signed", "", { count: good });
}
async function checkDisclosures(statements, keys, check2, pause) {
  let good = 0;
  for (const statement of statements) {
    const key2 = keys.get(statement.keyId);
    if (statement.item.body === null || !key2) continue;
    check2.attempt("disclosure-differs", statement.label, () => {
      readBody(statement, key2);
      good += 1;
    });
    await pause();
  }
  if (good) check2.add(PASS, "disclosed", "", { count: good });
}
async function chainOf(bundle, statements, trust2, rpc, check2, pause) {
  if (!rpc) return { chain: null, noChain: "no chain node" };
  const heads = usedHeads(bundle).filter(({ log }) => onTrusted(log, trust2));
  try {
    return { chain: await readChain(new Node(rpc), trust2, statements, heads, pause), noChain: "" };
  } catch (error) {
    if (error instanceof Unreachable) return { chain: null, noChain: error.message };
    check2.add(FAIL, "chain-differs", "", { reason: reasonOf(error) });
    return { chain: null, noChain: reasonOf(error) };
  }
}
var usedHeads = ({ items, heads }) => [...new Set(items.map(({ head }) => Number(head)))].sort((a, b) => a - b).map((place) => heads[place]);
var onTrusted = (log, trust2) => log.chain === trust2.chain_id && "0x" + log.contract === trust2.contracts.TransparencyLog.address;
function checkLot(reading, shown) {
  const { report, bundle, footprints } = reading;
  const check2 = report[0];
  const asked = lot(shown.gtin, shown.lot);
  if (bundle.lot !== asked) check2.add(FAIL, "another-lot", "", { asked, found: bundle.lot });
  const count = reading.makers(bundle.lot).length;
  if (!count) check2.add(FAIL, "lacks-record");
  if (count > 1) check2.add(FAIL, "two-makers", bundle.lot);
  const printed2 = [...footprints.values()].filter(({ content }) => lotOf(content) === bundle.lot);
  const standing2 = printed2.filter((statement) => !isReplaced(reading, statement)).map(({ content }) => content);
  if (!printed2.length) check2.add(FAIL, "lacks-footprint");
  else if (!standing2.some((one) => one.per_tonne === shown.per_tonne && one.profile.id === shown.profile)) {
    report[3].add(FAIL, "shown-differs", "", { shown: shown.per_tonne, stated: standing2.at(-1).per_tonne });
  }
}
async function checkIncluded({ report, bundle, statements }, pause) {
  const check2 = report[4];
  let good = 0;
  for (const item of bundle.items) {
    const head = bundle.heads[item.head];
    check2.attempt("not-included", `entry ${item.index}`, () => {
      if (!equal(rootFromPath(leafHash(item.envelope), item.index, head.size, item.path), head.root)) {
        throw new Malformed("the inclusion proof does not lead to the root");
      }
      good += 1;
    });
    await pause();
  }
  for (const { item, label, log } of statements) {
    if (log.name !== bundle.heads[item.head].log.name) check2.add(FAIL, "other-log", label);
  }
  if (good) check2.add(PASS, "included", "", { count: good });
}
function checkFinal({ report, bundle, chain, noChain, trust: trust2 }) {
  const check2 = report[5];
  for (const head of usedHeads(bundle)) {
    const { log, size } = head;
    const held = chain?.heads.get(head);
    if (!onTrusted(log, trust2)) check2.add(FAIL, "other-chain", "", { chain: log.chain, contract: "0x" + log.contract });
    else if (!chain) check2.add(NOT_CHECKED, "withheld-chain", "", { reason: noChain });
    else if (held === "no log") check2.add(FAIL, "log-unknown");
    else if (held === "unknown") check2.add(FAIL, "head-unknown", "", { size });
    else if (held.pending !== void 0) check2.add(PENDING, "head-pending", "", { size: held.pending, claimed: size });
    else if (held.unsettled !== void 0) check2.add(PENDING, "head-unsettled", "", { size, block: held.unsettled });
    else check2.add(PASS, "head-final", "", { size, block: held.block, time: utcText(held.time) });
    checkWitnessed(check2, bundle, head, trust2);
  }
}
function checkWitnessed(check2, bundle, head, trust2) {
  const required = trust2.witnesses_required;
  if (!required) return;
  const witnesses = trust2.witnesses.map(readWitness);
  let best = [];
  for (const { note, proofs } of bundle.checkpoints) {
    for (const [place, proof] of proofs) {
      if (bundle.heads[place] !== head) continue;
      try {
        const names2 = extendedBy(head, readCheckpoint(note), proof, witnesses);
        if (names2.length > best.length) best = names2;
      } catch {
        continue;
      }
    }
  }
  const { size } = head;
  if (best.length >= required) check2.add(PASS, "witnessed", "", { size, names: best.join(", ") });
  else check2.add(FAIL, "unwitnessed", "", { size, count: best.length, required });
}
function extendedBy({ log, size, root }, checkpoint, proof, witnesses) {
  if (checkpoint.origin !== originOf(log)) throw new Malformed("the checkpoint is of another log");
  checkConsistency(size, root, checkpoint.size, checkpoint.root, proof);
  return cosignedBy(checkpoint, witnesses);
}

// backend/web/verify/trust.js
var MAX_TRUST_FILE = 65536;
var CONTRACTS = ["CertificateClaims", "Classification", "KeyRegistry", "LabelRegistry", "LotRegistry", "TransparencyLog"];
var shape11 = struct(
  {
    version: exactly(1),
    chain_id: whole,
    genesis: text,
    network_class: oneOf("development", "single operator", "consortium", "public"),
    finality_blocks: whole,
    deployed_block: whole,
    contracts: named(struct({ address: text, code_sha256: text }))
  },
  {
    publishers: list(text),
    registrars: list(text),
    rpc_urls: list(text),
    verifiers: list(text),
    witnesses: list(text),
    witnesses_required: whole
  }
);
function readTrust(bytes) {
  if (bytes.length > MAX_TRUST_FILE) throw new Malformed(`trust file: ${bytes.length} bytes, at most ${MAX_TRUST_FILE} are read`);
  const value = parseBytes(bytes, "trust file");
  const trust2 = convert(value, shape11, "trust file");
  if (canonical(value) !== new TextDecoder().decode(bytes)) throw new Malformed("trust file: not in canonical form (RFC 8785)");
  trust2.publishers ??= [];
  trust2.registrars ??= [];
  trust2.verifiers ??= [];
  trust2.witnesses ??= [];
  trust2.witnesses_required ??= 0;
  if (Object.keys(trust2.contracts).sort().join() !== CONTRACTS.join()) {
    throw new Malformed(`trust file: contracts are not exactly ${CONTRACTS.join(", ")}`);
  }
  digits(trust2.genesis, 32, "genesis");
  for (const { address, code_sha256 } of Object.values(trust2.contracts)) {
    digits(address, 20, "address");
    digest(code_sha256, "code_sha256");
  }
  for (const registrar of trust2.registrars) digits(registrar, 20, "registrars");
  if (trust2.chain_id < 1 || trust2.finality_blocks < 1 || trust2.deployed_block < 0) {
    throw new Malformed("trust file: chain id and finality blocks start at 1, deployed block at 0");
  }
  const witnesses = new Set(trust2.witnesses.map((vkey) => readWitness(vkey).point.join()));
  if (witnesses.size !== trust2.witnesses.length) throw new Malformed("witnesses: not each a cosigner's key of its own");
  if (trust2.witnesses_required < 0 || trust2.witnesses_required > witnesses.size) {
    throw new Malformed(`witnesses_required: not between 0 and the ${witnesses.size} witnesses named`);
  }
  return trust2;
}
function digits(value, size, field) {
  if (!new RegExp(`^0x[0-9a-f]{${2 * size}}$`).test(value)) throw new Malformed(`${field}: not 0x and ${2 * size} lower-case hexadecimal digits`);
}
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!(value instanceof Map)) return JSON.stringify(value);
  return `{${[...value.keys()].sort().map((name2) => `${JSON.stringify(name2)}:${canonical(value.get(name2))}`).join()}}`;
}

// backend/web/verify/index.js
var STORED = "leafproof-rpc";
var MAX_FINDINGS = 200;
var NOT_HERE = ["withheld", "not-metered"];
var page = document.getElementById("device");
var config = JSON.parse(page.dataset.config);
var translated = (word3) => Object.hasOwn(config.texts, word3) ? config.texts[word3] : word3;
var say = (text2, params = {}) => text2.replace(/\{(\w+)\}/g, (_, name2) => translated(params[name2] ?? ""));
var trust = config.trust;
function rpcAddress() {
  const stored = sessionStorage.getItem(STORED);
  return stored && config.nodes.includes(new URL(stored).origin) ? stored : config.node;
}
function markFault(number2, fault) {
  const link = document.querySelector(`.strip a[href="#check-${number2}"]`);
  const use = link.querySelector("use");
  link.dataset.server ??= JSON.stringify([link.className, use.getAttribute("href"), link.ariaLabel]);
  const [mark, picture, label] = JSON.parse(link.dataset.server);
  link.className = fault ? "mark-fail" : mark;
  use.setAttribute("href", fault ? "#i-fail" : picture);
  link.ariaLabel = fault ? `${number2} ${config.names[number2]}: ${config.statuses.fail}` : label;
}
function show(number2, check2) {
  markFault(number2, check2.status === FAIL);
  const box = document.querySelector(`[data-check="${number2}"]`);
  const word3 = config.statuses[check2.status];
  const checked = check2.status !== NOT_CHECKED;
  box.dataset.device = check2.status;
  box.querySelector("[data-who]").textContent = checked && check2.status !== PASS ? `${config.texts.device}: ${word3}` : checked ? config.texts.device : config.texts.server;
  const list2 = box.querySelector("[data-device-findings]");
  const ordered2 = [...check2.findings].sort((a, b) => WEIGHT.indexOf(b.status) - WEIGHT.indexOf(a.status));
  list2.replaceChildren(...ordered2.slice(0, MAX_FINDINGS).map(line3));
  if (ordered2.length > MAX_FINDINGS) list2.append(`+ ${ordered2.length - MAX_FINDINGS}`);
  list2.hidden = false;
}
function subject(text2) {
  const [, kind2, index] = /^(?:(.+), )?entry (\d+)$/.exec(text2) ?? [];
  if (index === void 0) return text2;
  return say(translated(kind2 ? "{kind}, entry {index}" : "entry {index}"), { kind: kind2, index });
}
function sentence(finding) {
  const text2 = say(config.messages[finding.code], finding.params);
  return finding.subject ? `${subject(finding.subject)}: ${text2}` : text2;
}
function line3(finding) {
  const item = document.createElement("li");
  item.textContent = `${config.texts.device}: ${sentence(finding)}`;
  item.dataset.status = finding.status;
  item.dataset.code = finding.code;
  return item;
}
function conclude(checks3, milliseconds) {
  const numbers = (wanted2) => Object.keys(checks3).filter((number2) => wanted2(checks3[number2]));
  const [failed, pending] = [FAIL, PENDING].map((status2) => numbers((check2) => check2.status === status2));
  const good = numbers(({ status: status2 }) => status2 === PASS || status2 === WARNING);
  const unchecked = numbers(({ status: status2 }) => status2 === NOT_CHECKED);
  const beyond = ({ findings }) => findings.every(({ status: status2, code }) => status2 !== NOT_CHECKED || NOT_HERE.includes(code));
  const withheld = unchecked.filter((number2) => checks3[number2].findings.length && beyond(checks3[number2]));
  const missing = unchecked.filter((number2) => !withheld.includes(number2));
  const parts = [];
  if (failed.length) {
    const first = checks3[failed[0]].findings.find((finding) => finding.status === FAIL);
    parts.push(say(config.texts.failed, { number: failed[0], name: config.names[failed[0]], finding: sentence(first) }));
    document.getElementById("verdict").dataset.device = "fail";
  } else {
    const seconds = (milliseconds / 1e3).toFixed(1);
    parts.push(say(config.texts.passed, { numbers: good.join(", "), seconds }));
    for (const [name2, list2] of Object.entries({ pending, withheld, missing })) {
      if (list2.length) parts.push(say(config.texts[name2], { numbers: list2.join(", ") }));
    }
  }
  page.dataset.state = failed.length ? "fail" : pending.length || missing.length ? "partly" : "pass";
  page.querySelector("[data-summary]").textContent = parts.join(" ");
}
async function run2() {
  const started = performance.now();
  page.dataset.state = "running";
  delete document.getElementById("verdict").dataset.device;
  const summary = page.querySelector("[data-summary]");
  summary.textContent = config.texts.running;
  let bytes;
  try {
    const response = await fetch(config.bundle, { headers: { Accept: "application/vnd.leafproof.bundle+cbor" }, cache: "no-store" });
    if (!response.ok) throw new Error(String(response.status));
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch {
    page.dataset.state = "missing";
    summary.textContent = config.texts.nobundle;
    return;
  }
  const bar = page.querySelector("progress");
  const checks3 = await verify(bytes, config.shown, trust, rpcAddress(), (share) => bar.value = share);
  for (const [number2, check2] of Object.entries(checks3)) show(number2, check2);
  conclude(checks3, performance.now() - started);
}
async function chooseTrust(event) {
  const [file2] = event.target.files;
  const answer = document.getElementById("trust-answer");
  if (!file2) return;
  try {
    trust = readTrust(new Uint8Array(await file2.slice(0, MAX_TRUST_FILE + 1).arrayBuffer()));
  } catch {
    answer.textContent = config.texts.nottrust;
    return;
  }
  answer.textContent = say(config.texts.trusted, { name: file2.name });
  run2();
}
function chooseNode(event) {
  event.preventDefault();
  const field = event.target.elements.rpc;
  let url;
  try {
    url = new URL(field.value);
    if (!["http:", "https:"].includes(url.protocol)) throw new Error();
  } catch {
    field.setCustomValidity(config.texts.noturl);
    field.reportValidity();
    return;
  }
  sessionStorage.setItem(STORED, url.href);
  if (config.nodes.includes(url.origin)) {
    run2();
    return;
  }
  const target = new URL(location.href);
  target.searchParams.set("rpc", url.origin);
  target.hash = "device";
  location.assign(target);
}
page.hidden = false;
document.getElementById("own-tools").hidden = false;
document.getElementById("node-form").addEventListener("submit", chooseNode);
document.getElementById("node-form").elements.rpc.addEventListener("input", (event) => event.target.setCustomValidity(""));
document.getElementById("trust-file").addEventListener("change", chooseTrust);
document.getElementById("check-again").addEventListener("click", run2);
run2();
