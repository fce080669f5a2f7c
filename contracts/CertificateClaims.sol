// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ICertificateClaims} from "./interfaces/ICertificateClaims.sol";
import {IKeyRegistry} from "./interfaces/IKeyRegistry.sol";

/// @title Each cancelled serial claimed once
/// @notice See `ICertificateClaims`.
/// @dev The owner is the authority. The claims of a registry are a list in the order of their serials, so that a new
/// range need only be compared with its two neighbours, however many serials it has; serial 0 is its head.
/// A `Claim` fills three slots:
///
/// slot | 256                                                              0
/// -----+--------------------------------------------------------------------
///    0 | unused (56) | attested (8) | version (32) | operator (160)
///    1 | next (128) | last (128)
///    2 | subject (256)
contract CertificateClaims is ICertificateClaims, Ownable2Step {
    uint256 private constant MAX_NAME = 128;
    /// @dev Claims that others put in since the hint was made; keeps a call within any block.
    uint256 private constant MAX_STEPS = 64;
    /// @notice The registry that says who is an operator.
    IKeyRegistry public immutable KEYS;

    /// @inheritdoc ICertificateClaims
    mapping(bytes32 registry => bool) public isRegistry;
    /// @inheritdoc ICertificateClaims
    mapping(bytes32 registry => mapping(address account => bool)) public isRegistrar;
    mapping(bytes32 registry => mapping(uint128 first => Claim)) private _claims;

    modifier onlyOperator() {
        if (!KEYS.isOperator(msg.sender)) revert NotOperator(msg.sender);
        _;
    }

    modifier onlyRegistrar(bytes32 registry) {
        if (!isRegistrar[registry][msg.sender]) revert NotRegistrar(registry, msg.sender);
        _;
    }

    constructor(address authority, IKeyRegistry keys) Ownable(authority) {
        KEYS = keys;
    }

    /// @inheritdoc ICertificateClaims
    function admitRegistry(string calldata name) external onlyOwner returns (bytes32 registry) {
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME) revert InvalidName();
        registry = registryIdOf(name);
        if (isRegistry[registry]) revert RegistryExists(registry);
        isRegistry[registry] = true;
        emit RegistryAdmitted(registry, name);
    }

    /// @inheritdoc ICertificateClaims
    function removeRegistry(bytes32 registry) external onlyOwner {
        _requireRegistry(registry);
        delete isRegistry[registry];
        emit RegistryRemoved(registry);
    }

    /// @inheritdoc ICertificateClaims
    function appointRegistrar(bytes32 registry, address registrar) external onlyOwner {
        _requireRegistry(registry);
        if (registrar == address(0) || isRegistrar[registry][registrar]) revert InvalidRegistrar(registry, registrar);
        isRegistrar[registry][registrar] = true;
        emit RegistrarAppointed(registry, registrar);
    }

    /// @inheritdoc ICertificateClaims
    function dismissRegistrar(bytes32 registry, address registrar) external onlyOwner {
        if (!isRegistrar[registry][registrar]) revert NotRegistrar(registry, registrar);
        delete isRegistrar[registry][registrar];
        emit RegistrarDismissed(registry, registrar);
    }

    /// @inheritdoc ICertificateClaims
    function claim(
        bytes32 registry,
        uint128 first,
        uint128 last,
        bytes32 cancellation,
        bytes32 subject,
        bytes32 footprint,
        uint128 hint
    ) external onlyOperator {
        _requireRegistry(registry);
        if (first == 0 || first > last) revert InvalidSerials(first, last);
        _requireHash(cancellation);
        _requireHash(subject);
        _requireHash(footprint);
        _insert(registry, first, last, hint);
        Claim storage made = _claims[registry][first];
        (made.operator, made.version, made.subject) = (msg.sender, 1, subject);
        emit Claimed(subject, registry, msg.sender, first, last, cancellation);
        emit FootprintNamed(subject, registry, 1, first, footprint);
    }

    /// @inheritdoc ICertificateClaims
    function nameFootprint(bytes32 registry, uint128 first, bytes32 footprint) external onlyOperator {
        Claim storage known = _known(registry, first);
        if (known.operator != msg.sender) revert NotClaimant(registry, first, msg.sender);
        _requireHash(footprint);
        uint32 version = known.version + 1;
        known.version = version;
        emit FootprintNamed(known.subject, registry, version, first, footprint);
    }

    /// @inheritdoc ICertificateClaims
    function attest(bytes32 registry, uint128 first, bytes32 evidence) external onlyRegistrar(registry) {
        Claim storage known = _unattested(registry, first);
        _requireHash(evidence);
        known.attested = true;
        emit Attested(known.subject, registry, msg.sender, first, evidence);
    }

    /// @inheritdoc ICertificateClaims
    function reject(bytes32 registry, uint128 first, bytes32 reason, uint128 hint) external onlyRegistrar(registry) {
        bytes32 subject = _unattested(registry, first).subject;
        _requireHash(reason);
        // The claim exists, so that the last one below it is the one that leads to it.
        uint128 below = _below(registry, first, hint);
        _claims[registry][below].next = _claims[registry][first].next;
        delete _claims[registry][first];
        emit Rejected(subject, registry, msg.sender, first, reason);
    }

    /// @inheritdoc ICertificateClaims
    function claimOf(bytes32 registry, uint128 first) external view returns (Claim memory) {
        return _claims[registry][first];
    }

    /// @inheritdoc ICertificateClaims
    function registryIdOf(string calldata name) public pure returns (bytes32) {
        return keccak256(bytes(name));
    }

    /// @dev Puts a range between its neighbours, or reverts with the one that it overlaps.
    function _insert(bytes32 registry, uint128 first, uint128 last, uint128 hint) private {
        mapping(uint128 => Claim) storage claims = _claims[registry];
        uint128 below = _below(registry, first, hint);
        if (below != 0 && claims[below].last >= first) revert SerialsClaimed(registry, below, claims[below].last);
        uint128 above = claims[below].next;
        if (above != 0 && above <= last) revert SerialsClaimed(registry, above, claims[above].last);
        claims[below].next = first;
        (claims[first].last, claims[first].next) = (last, above);
    }

    /// @dev First serial of the highest claim that starts below `first`, or 0; the search goes up from `hint`.
    function _below(bytes32 registry, uint128 first, uint128 hint) private view returns (uint128 below) {
        mapping(uint128 => Claim) storage claims = _claims[registry];
        if (hint >= first || (hint != 0 && claims[hint].operator == address(0))) revert InvalidHint(registry, hint);
        below = hint;
        for (uint256 i = 0; i < MAX_STEPS; ++i) {
            uint128 next = claims[below].next;
            if (next == 0 || next >= first) return below;
            below = next;
        }
        revert InvalidHint(registry, hint);
    }

    function _known(bytes32 registry, uint128 first) private view returns (Claim storage known) {
        known = _claims[registry][first];
        if (known.operator == address(0)) revert UnknownClaim(registry, first);
    }

    function _unattested(bytes32 registry, uint128 first) private view returns (Claim storage known) {
        known = _known(registry, first);
        if (known.attested) revert AlreadyAttested(registry, first);
    }

    function _requireRegistry(bytes32 registry) private view {
        if (!isRegistry[registry]) revert UnknownRegistry(registry);
    }

    function _requireHash(bytes32 hash) private pure {
        if (hash == bytes32(0)) revert MissingHash();
    }
}
