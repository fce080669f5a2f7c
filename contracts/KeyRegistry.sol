// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";

/// @title Whose keys sign statements
/// @notice See `IKeyRegistry`.
/// @dev The owner is the authority. A `Key` fills two slots:
///
/// slot | 256                                                                                          0
/// -----+------------------------------------------------------------------------------------------------
///    0 | unused (16) | retiredSequence (64) | retiredEpoch (64) | compromisedBlock (48)
///      |             | registeredBlock (48) | status (8) | role (8)
///    1 | logId (256)
contract KeyRegistry is IKeyRegistry, Ownable2Step {
    uint256 private constant MAX_NAME = 128;
    /// @dev Room for a P-256 or Ed25519 key, its signature and a URI, and a bound to what an event may weigh.
    uint256 private constant MAX_BYTES = 256;

    /// @inheritdoc IKeyRegistry
    mapping(address account => bool) public isOperator;
    /// @inheritdoc IKeyRegistry
    mapping(address account => bool) public isRegistrar;
    /// @inheritdoc IKeyRegistry
    mapping(address registrar => mapping(address operator => mapping(bytes32 keyId => bytes32 evidence)))
        public attestationOf;
    mapping(address operator => mapping(bytes32 keyId => Key)) private _keys;

    constructor(address authority) Ownable(authority) {}

    function _requireLength(uint256 length, uint256 limit) private pure {
        if (length == 0 || length > limit) revert InvalidLength(length, limit);
    }

    function _registered(address operator, bytes32 keyId) private view returns (Key storage key) {
        key = _keys[operator][keyId];
        if (key.status == Status.None) revert UnknownKey(operator, keyId);
    }

    /// @inheritdoc IKeyRegistry
    function admitOperator(address operator, string calldata identifier) external onlyOwner {
        if (operator == address(0) || isOperator[operator]) revert InvalidOperator(operator);
        _requireLength(bytes(identifier).length, MAX_NAME);
        isOperator[operator] = true;
        emit OperatorAdmitted(operator, identifier);
    }

    /// @inheritdoc IKeyRegistry
    function removeOperator(address operator) external onlyOwner {
        if (!isOperator[operator]) revert NotOperator(operator);
        delete isOperator[operator];
        emit OperatorRemoved(operator);
    }

    /// @inheritdoc IKeyRegistry
    function accreditRegistrar(address registrar, string calldata name) external onlyOwner {
        if (registrar == address(0) || isRegistrar[registrar]) revert InvalidRegistrar(registrar);
        _requireLength(bytes(name).length, MAX_NAME);
        isRegistrar[registrar] = true;
        emit RegistrarAccredited(registrar, name);
    }

    /// @inheritdoc IKeyRegistry
    function withdrawRegistrar(address registrar) external onlyOwner {
        if (!isRegistrar[registrar]) revert NotRegistrar(registrar);
        delete isRegistrar[registrar];
        emit RegistrarWithdrawn(registrar);
    }

    /// @inheritdoc IKeyRegistry
    function register(
        bytes32 keyId,
        Role role,
        bytes32 logId,
        string calldata issuer,
        bytes calldata coseKey,
        bytes calldata proof
    ) external {
        if (!isOperator[msg.sender]) revert NotOperator(msg.sender);
        _requireLength(bytes(issuer).length, MAX_BYTES);
        _requireLength(coseKey.length, MAX_BYTES);
        _requireLength(proof.length, MAX_BYTES);
        if (sha256(coseKey) != keyId) revert InvalidThumbprint(keyId);
        if ((role == Role.Issuer) != (logId == bytes32(0))) revert InvalidLogId(role, logId);
        Key storage key = _keys[msg.sender][keyId];
        if (key.status != Status.None) revert KeyExists(msg.sender, keyId);
        (key.role, key.status, key.registeredBlock) = (role, Status.Active, uint48(block.number));
        key.logId = logId;
        emit KeyRegistered(keyId, msg.sender, role, logId, issuer, coseKey, proof);
    }

    /// @inheritdoc IKeyRegistry
    function attest(address operator, bytes32 keyId, bytes32 evidence) external {
        if (!isRegistrar[msg.sender]) revert NotRegistrar(msg.sender);
        Status status = _registered(operator, keyId).status;
        if (status == Status.Compromised) revert KeyNotInForce(operator, keyId, status);
        if (evidence == bytes32(0) || attestationOf[msg.sender][operator][keyId] != bytes32(0)) {
            revert InvalidAttestation(operator, keyId);
        }
        attestationOf[msg.sender][operator][keyId] = evidence;
        emit KeyAttested(keyId, operator, msg.sender, evidence);
    }

    /// @inheritdoc IKeyRegistry
    function withdrawAttestation(address operator, bytes32 keyId) external {
        if (attestationOf[msg.sender][operator][keyId] == bytes32(0)) revert NotAttested(operator, keyId);
        delete attestationOf[msg.sender][operator][keyId];
        emit AttestationWithdrawn(keyId, operator, msg.sender);
    }

    /// @inheritdoc IKeyRegistry
    function retire(bytes32 keyId, uint64 epoch, uint64 lastSequence) external {
        Key storage key = _registered(msg.sender, keyId);
        if (key.status != Status.Active) revert KeyNotInForce(msg.sender, keyId, key.status);
        (key.status, key.retiredEpoch, key.retiredSequence) = (Status.Retired, epoch, lastSequence);
        emit KeyRetired(keyId, msg.sender, epoch, lastSequence);
    }

    /// @inheritdoc IKeyRegistry
    function compromised(bytes32 keyId) external {
        _compromise(msg.sender, keyId);
    }

    /// @inheritdoc IKeyRegistry
    function declareCompromised(address operator, bytes32 keyId) external onlyOwner {
        _compromise(operator, keyId);
    }

    /// @dev The retired epoch and sequence stay: what was anchored before this block may still rest on them.
    function _compromise(address operator, bytes32 keyId) private {
        Key storage key = _registered(operator, keyId);
        if (key.status == Status.Compromised) revert KeyNotInForce(operator, keyId, key.status);
        (key.status, key.compromisedBlock) = (Status.Compromised, uint48(block.number));
        emit KeyCompromised(keyId, operator);
    }

    /// @inheritdoc IKeyRegistry
    function keyOf(address operator, bytes32 keyId) external view returns (Key memory) {
        return _keys[operator][keyId];
    }
}
