// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";
import {ILabelRegistry} from "./interfaces/ILabelRegistry.sol";

/// @title Labels, schemes, certifiers, recognitions
/// @notice See `ILabelRegistry`.
/// @dev The owner is the authority. A `Scheme` and a `Label` fill three slots, the others one or two:
///
/// slot | 256                    Scheme                   0 | 256                    Label                     0
/// -----+---------------------------------------------------+----------------------------------------------------
///    0 | version (32) | admitted (8) | owner (160)         | until (64) | status (8) | certifier (160)
///    1 | unused (96)                 | pendingOwner (160)  | unused (96)             | suspendedBy (160)
///    2 | content (256)                                     | scheme (256)
contract LabelRegistry is ILabelRegistry, Ownable2Step {
    uint256 private constant MAX_NAME = 128;
    /// @dev Test report, audit, verification, certificate.
    uint8 private constant ALL_ACCEPTED = 15;
    /// @notice The registry that says who is an operator.
    IKeyRegistry public immutable KEYS;

    /// @inheritdoc ILabelRegistry
    mapping(bytes32 market => address) public authorityOf;
    mapping(bytes32 scheme => Scheme) private _schemes;
    mapping(bytes32 scheme => mapping(address certifier => Accreditation)) private _accreditations;
    mapping(bytes32 label => Label) private _labels;
    mapping(bytes32 market => mapping(bytes32 scheme => mapping(bytes32 category => Recognition))) private
        _recognitions;

    constructor(address authority, IKeyRegistry keys) Ownable(authority) {
        KEYS = keys;
    }

    /// @inheritdoc ILabelRegistry
    function admitScheme(address schemeOwner, string calldata name) external onlyOwner returns (bytes32 scheme) {
        scheme = _idOf(name);
        Scheme storage entry = _schemes[scheme];
        if (schemeOwner == address(0)) revert InvalidAccount();
        if (entry.admitted || (entry.owner != address(0) && entry.owner != schemeOwner)) {
            revert SchemeExists(scheme);
        }
        (entry.owner, entry.admitted) = (schemeOwner, true);
        emit SchemeAdmitted(scheme, schemeOwner, name);
    }

    /// @inheritdoc ILabelRegistry
    function removeScheme(bytes32 scheme) external onlyOwner {
        _requireAdmitted(scheme);
        _schemes[scheme].admitted = false;
        emit SchemeRemoved(scheme);
    }

    /// @inheritdoc ILabelRegistry
    function transferScheme(bytes32 scheme, address newOwner) external {
        _ruled(scheme).pendingOwner = newOwner;
        emit SchemeTransferStarted(scheme, msg.sender, newOwner);
    }

    /// @inheritdoc ILabelRegistry
    function acceptScheme(bytes32 scheme) external {
        Scheme storage entry = _schemes[scheme];
        if (entry.pendingOwner != msg.sender) revert NotPendingOwner(scheme, msg.sender);
        emit SchemeTransferred(scheme, entry.owner, msg.sender);
        entry.owner = msg.sender;
        delete entry.pendingOwner;
    }

    /// @inheritdoc ILabelRegistry
    function publish(bytes32 scheme, bytes32 content) external {
        Scheme storage entry = _ruled(scheme);
        _requireHash(content);
        uint32 version = entry.version + 1;
        (entry.version, entry.content) = (version, content);
        emit SchemePublished(scheme, version, content);
    }

    /// @inheritdoc ILabelRegistry
    function accredit(bytes32 scheme, address certifier, uint64 from, uint64 until, bytes32 scope) external {
        _ruled(scheme);
        if (certifier == address(0)) revert InvalidAccount();
        _requireTime(from, until);
        _accreditations[scheme][certifier] = Accreditation(from, until, scope);
        emit CertifierAccredited(scheme, certifier, from, until, scope);
    }

    /// @inheritdoc ILabelRegistry
    function withdrawAccreditation(bytes32 scheme, address certifier) external {
        _ruled(scheme);
        if (_accreditations[scheme][certifier].until == 0) revert NotAccredited(scheme, certifier);
        delete _accreditations[scheme][certifier];
        emit AccreditationWithdrawn(scheme, certifier);
    }

    /// @inheritdoc ILabelRegistry
    function issue(bytes32 scheme, bytes32 statement, bytes32 subject, uint64 from, uint64 until)
        external
        returns (bytes32 label)
    {
        if (!KEYS.isOperator(msg.sender)) revert NotOperator(msg.sender);
        _requireAdmitted(scheme);
        _requireAccredited(scheme);
        uint32 version = _schemes[scheme].version;
        if (version == 0) revert NothingPublished(scheme);
        _requireHash(statement);
        _requireHash(subject);
        _requireTime(from, until);
        label = labelIdOf(msg.sender, statement);
        if (_labels[label].status != Status.None) revert LabelExists(label);
        _labels[label] = Label(msg.sender, Status.Valid, until, address(0), scheme);
        emit LabelIssued(label, subject, msg.sender, scheme, statement, version, from, until);
    }

    /// @inheritdoc ILabelRegistry
    function suspend(bytes32 label, bytes32 reason) external {
        Label storage entry = _answeredFor(label);
        if (entry.status != Status.Valid) revert WrongStatus(label, entry.status);
        _requireHash(reason);
        (entry.status, entry.suspendedBy) = (Status.Suspended, msg.sender);
        emit LabelSuspended(label, msg.sender, reason);
    }

    /// @inheritdoc ILabelRegistry
    function resume(bytes32 label) external {
        Label storage entry = _answeredFor(label);
        if (entry.status != Status.Suspended) revert WrongStatus(label, entry.status);
        if (msg.sender != _schemes[entry.scheme].owner) {
            if (msg.sender != entry.suspendedBy) revert NotAllowed(label, msg.sender);
            _requireAccredited(entry.scheme);
        }
        (entry.status, entry.suspendedBy) = (Status.Valid, address(0));
        emit LabelResumed(label, msg.sender);
    }

    /// @inheritdoc ILabelRegistry
    function revoke(bytes32 label, bytes32 reason) external {
        Label storage entry = _answeredFor(label);
        if (entry.status == Status.Revoked) revert WrongStatus(label, entry.status);
        _requireHash(reason);
        entry.status = Status.Revoked;
        emit LabelRevoked(label, msg.sender, reason);
    }

    /// @inheritdoc ILabelRegistry
    function admitMarket(address marketAuthority, string calldata name) external onlyOwner returns (bytes32 market) {
        market = _idOf(name);
        if (marketAuthority == address(0)) revert InvalidAccount();
        authorityOf[market] = marketAuthority;
        emit MarketAdmitted(market, marketAuthority, name);
    }

    /// @inheritdoc ILabelRegistry
    function recognise(
        bytes32 market,
        bytes32 scheme,
        bytes32 category,
        uint8 accepted,
        uint64 from,
        uint64 until,
        bytes32 agreement
    ) external {
        _requireMarketAuthority(market);
        _requireAdmitted(scheme);
        if (accepted == 0 || accepted > ALL_ACCEPTED) revert InvalidAcceptance(accepted);
        _requireTime(from, until);
        _requireHash(agreement);
        _recognitions[market][scheme][category] = Recognition(from, until, accepted);
        emit Recognised(market, scheme, category, accepted, from, until, agreement);
    }

    /// @inheritdoc ILabelRegistry
    function withdrawRecognition(bytes32 market, bytes32 scheme, bytes32 category) external {
        _requireMarketAuthority(market);
        if (_recognitions[market][scheme][category].until == 0) revert NotRecognised(market, scheme, category);
        delete _recognitions[market][scheme][category];
        emit RecognitionWithdrawn(market, scheme, category);
    }

    /// @inheritdoc ILabelRegistry
    function schemeOf(bytes32 scheme) external view returns (Scheme memory) {
        return _schemes[scheme];
    }

    /// @inheritdoc ILabelRegistry
    function accreditationOf(bytes32 scheme, address certifier) external view returns (Accreditation memory) {
        return _accreditations[scheme][certifier];
    }

    /// @inheritdoc ILabelRegistry
    function labelOf(bytes32 label) external view returns (Label memory) {
        return _labels[label];
    }

    /// @inheritdoc ILabelRegistry
    function statusOf(bytes32 label) external view returns (Status) {
        Label storage entry = _labels[label];
        if (entry.status == Status.None || entry.status == Status.Revoked) return entry.status;
        return block.timestamp < entry.until ? entry.status : Status.Expired;
    }

    /// @inheritdoc ILabelRegistry
    function recognitionOf(bytes32 market, bytes32 scheme, bytes32 category)
        external
        view
        returns (Recognition memory)
    {
        return _recognitions[market][scheme][category];
    }

    /// @inheritdoc ILabelRegistry
    function labelIdOf(address certifier, bytes32 statement) public pure returns (bytes32) {
        return keccak256(abi.encode(certifier, statement));
    }

    /// @dev The scheme, if it is admitted and the caller owns it.
    function _ruled(bytes32 scheme) private view returns (Scheme storage entry) {
        _requireAdmitted(scheme);
        entry = _schemes[scheme];
        if (entry.owner != msg.sender) revert NotSchemeOwner(scheme, msg.sender);
    }

    /// @dev The label, if the caller is its certifier or owns its scheme, even one that was removed.
    function _answeredFor(bytes32 label) private view returns (Label storage entry) {
        entry = _labels[label];
        if (entry.status == Status.None) revert UnknownLabel(label);
        if (msg.sender != entry.certifier && msg.sender != _schemes[entry.scheme].owner) {
            revert NotAllowed(label, msg.sender);
        }
    }

    function _requireAdmitted(bytes32 scheme) private view {
        if (!_schemes[scheme].admitted) revert UnknownScheme(scheme);
    }

    function _requireAccredited(bytes32 scheme) private view {
        Accreditation storage entry = _accreditations[scheme][msg.sender];
        if (block.timestamp < entry.from || block.timestamp >= entry.until) {
            revert NotAccredited(scheme, msg.sender);
        }
    }

    function _requireMarketAuthority(bytes32 market) private view {
        if (authorityOf[market] != msg.sender) revert NotMarketAuthority(market, msg.sender);
    }

    function _requireTime(uint64 from, uint64 until) private view {
        if (from >= until || block.timestamp >= until) revert InvalidTime(from, until);
    }

    function _requireHash(bytes32 hash) private pure {
        if (hash == bytes32(0)) revert MissingHash();
    }

    function _idOf(string calldata name) private pure returns (bytes32) {
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME) revert InvalidName();
        return keccak256(bytes(name));
    }
}
