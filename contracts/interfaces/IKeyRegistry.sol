// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Whose keys sign statements, and since when they are (not) to be trusted
/// @notice An authority admits operators and accredits registrars; an operator registers the keys of its issuers,
/// gateways and logs; a registrar attests a key. What only lowers trust (retiring, declaring a compromise,
/// withdrawing an attestation) stays open to operators and registrars that were removed.
interface IKeyRegistry {
    /// @notice What a key signs: records and claims, frames of one gateway, or checkpoints of one log.
    enum Role {
        Issuer,
        Gateway,
        Log
    }

    /// @notice None: not registered. A status only moves forward, in this order.
    enum Status {
        None,
        Active,
        Retired,
        Compromised
    }

    /// @notice What the chain knows of a key; the key itself is in the event `KeyRegistered`.
    struct Key {
        Role role;
        Status status;
        uint48 registeredBlock;
        uint48 compromisedBlock;
        uint64 retiredEpoch;
        uint64 retiredSequence;
        bytes32 logId;
    }

    /// @notice An operator was admitted under its legal identity, such as the URI of a GS1 party.
    event OperatorAdmitted(address indexed operator, string identifier);
    /// @notice An operator registers no more keys and mints no more lots.
    event OperatorRemoved(address indexed operator);
    /// @notice A registrar may attest keys.
    event RegistrarAccredited(address indexed registrar, string name);
    /// @notice A registrar attests no more keys.
    event RegistrarWithdrawn(address indexed registrar);
    /// @notice An operator named a key its own. The proof of possession is to be checked by the reader.
    event KeyRegistered(
        bytes32 indexed keyId,
        address indexed operator,
        Role role,
        bytes32 logId,
        string issuer,
        bytes coseKey,
        bytes proof
    );
    /// @notice A registrar saw the device or the identity behind the key; `evidence` is the hash of its report.
    event KeyAttested(
        bytes32 indexed keyId, address indexed operator, address indexed registrar, bytes32 evidence
    );
    /// @notice A registrar took its attestation back.
    event AttestationWithdrawn(bytes32 indexed keyId, address indexed operator, address indexed registrar);
    /// @notice What the key signed up to this epoch and sequence stands, whenever it arrives.
    event KeyRetired(bytes32 indexed keyId, address indexed operator, uint64 epoch, uint64 lastSequence);
    /// @notice What was not anchored before this block is not to be trusted.
    event KeyCompromised(bytes32 indexed keyId, address indexed operator);

    /// @notice The account is not an admitted operator.
    error NotOperator(address account);
    /// @notice The account is an operator already, or the zero address.
    error InvalidOperator(address account);
    /// @notice The account is not an accredited registrar.
    error NotRegistrar(address account);
    /// @notice The account is a registrar already, or the zero address.
    error InvalidRegistrar(address account);
    /// @notice A text or a byte string is empty or has more than `limit` bytes.
    error InvalidLength(uint256 length, uint256 limit);
    /// @notice The key id is not the SHA-256 of the key.
    error InvalidThumbprint(bytes32 keyId);
    /// @notice A gateway's and a log's key belong to a log, an issuer's does not.
    error InvalidLogId(Role role, bytes32 logId);
    /// @notice The operator has registered this key before.
    error KeyExists(address operator, bytes32 keyId);
    /// @notice The operator has not registered this key.
    error UnknownKey(address operator, bytes32 keyId);
    /// @notice The key's status does not allow this any more.
    error KeyNotInForce(address operator, bytes32 keyId, Status status);
    /// @notice The evidence is zero, or the caller has attested the key before.
    error InvalidAttestation(address operator, bytes32 keyId);
    /// @notice The caller has not attested this key.
    error NotAttested(address operator, bytes32 keyId);

    /// @notice Admits an operator; for the authority.
    /// @param identifier legal identity, 1 to 128 bytes
    function admitOperator(address operator, string calldata identifier) external;

    /// @notice Removes an operator; its keys stay as they are. For the authority.
    function removeOperator(address operator) external;

    /// @notice Accredits a registrar; for the authority.
    /// @param name 1 to 128 bytes
    function accreditRegistrar(address registrar, string calldata name) external;

    /// @notice Withdraws an accreditation; attestations stay as they are. For the authority.
    function withdrawRegistrar(address registrar) external;

    /// @notice Registers a key of the calling operator.
    /// @dev Entries are kept by (operator, key id): whoever registers a key that is not his own blocks nobody,
    /// and the signature that would expose him (P-256 or Ed25519) is checked by readers, off chain.
    /// @param keyId SHA-256 of `coseKey`, its thumbprint by RFC 9679
    /// @param role what the key signs
    /// @param logId the log of a gateway's or a log's key; zero for an issuer's
    /// @param issuer the CWT issuer that the key signs for, 1 to 256 bytes
    /// @param coseKey COSE_Key in deterministic CBOR, required members only, at most 256 bytes
    /// @param proof signature by which the holder of the key agrees, 1 to 256 bytes
    function register(
        bytes32 keyId,
        Role role,
        bytes32 logId,
        string calldata issuer,
        bytes calldata coseKey,
        bytes calldata proof
    ) external;

    /// @notice Attests a key that is in force or retired; for registrars.
    /// @param evidence hash of the registrar's report, not zero
    function attest(address operator, bytes32 keyId, bytes32 evidence) external;

    /// @notice Takes the caller's attestation back.
    function withdrawAttestation(address operator, bytes32 keyId) external;

    /// @notice Retires a key of the caller, once: it signed nothing after (`epoch`, `lastSequence`).
    function retire(bytes32 keyId, uint64 epoch, uint64 lastSequence) external;

    /// @notice Declares a key of the caller compromised. This is never undone.
    function compromised(bytes32 keyId) external;

    /// @notice Declares any operator's key compromised; for the authority.
    function declareCompromised(address operator, bytes32 keyId) external;

    /// @notice What is known of a key; status None if nothing is.
    function keyOf(address operator, bytes32 keyId) external view returns (Key memory);

    /// @notice The evidence of a registrar's attestation that stands; zero if there is none.
    function attestationOf(address registrar, address operator, bytes32 keyId) external view returns (bytes32);

    /// @notice Whether the account is an admitted operator.
    function isOperator(address account) external view returns (bool);

    /// @notice Whether the account is an accredited registrar.
    function isRegistrar(address account) external view returns (bool);
}
