// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Certificates of energy (GEC, GO, I-REC): which cancelled serials are claimed, and for what
/// @notice An authority admits registries of certificates and appoints their registrars. An operator claims the
/// serials of a cancellation for one subject, such as a lot; ranges never overlap, so that each serial is claimed
/// once. A claim that no registrar of its registry attests is not exclusive: the registry did not say that it
/// cancelled these serials for this operator. What names the cancellation and the footprint are statements' ids.
interface ICertificateClaims {
    /// @notice The claim of a range of serials; `operator` is zero if there is none. `next` is the first serial of
    /// the next higher claim of the registry, zero after the highest.
    struct Claim {
        address operator;
        uint32 version;
        bool attested;
        uint128 last;
        uint128 next;
        bytes32 subject;
    }

    /// @notice Serials of this registry can be claimed.
    event RegistryAdmitted(bytes32 indexed registry, string name);
    /// @notice Serials of this registry can be claimed no more; claims stay.
    event RegistryRemoved(bytes32 indexed registry);
    /// @notice A registrar speaks for a registry.
    event RegistrarAppointed(bytes32 indexed registry, address indexed registrar);
    /// @notice A registrar speaks no more for a registry; what it attested stays.
    event RegistrarDismissed(bytes32 indexed registry, address indexed registrar);
    /// @notice The serials `first` to `last`, both among them, are claimed for `subject`.
    event Claimed(
        bytes32 indexed subject,
        bytes32 indexed registry,
        address indexed operator,
        uint128 first,
        uint128 last,
        bytes32 cancellation
    );
    /// @notice This footprint of the claim's subject uses the claim; versions count from 1.
    event FootprintNamed(
        bytes32 indexed subject,
        bytes32 indexed registry,
        uint32 indexed version,
        uint128 first,
        bytes32 footprint
    );
    /// @notice A registrar says that the serials were cancelled for the claimant; `evidence` is the hash of its word.
    event Attested(
        bytes32 indexed subject,
        bytes32 indexed registry,
        address indexed registrar,
        uint128 first,
        bytes32 evidence
    );
    /// @notice A registrar says that they were not: the claim is void, its serials can be claimed by others.
    event Rejected(
        bytes32 indexed subject,
        bytes32 indexed registry,
        address indexed registrar,
        uint128 first,
        bytes32 reason
    );

    /// @notice The caller is not an operator that the key registry admits.
    error NotOperator(address caller);
    /// @notice The registry's name is empty or has more than 128 bytes.
    error InvalidName();
    /// @notice The registry is admitted already.
    error RegistryExists(bytes32 registry);
    /// @notice The registry is not admitted.
    error UnknownRegistry(bytes32 registry);
    /// @notice The account is the registry's registrar already, or the zero address.
    error InvalidRegistrar(bytes32 registry, address account);
    /// @notice The account is not a registrar of the registry.
    error NotRegistrar(bytes32 registry, address account);
    /// @notice Serials start at 1, and the first is not above the last.
    error InvalidSerials(uint128 first, uint128 last);
    /// @notice The hash or id is zero.
    error MissingHash();
    /// @notice Serials of the range belong to the claim of `first` to `last`.
    error SerialsClaimed(bytes32 registry, uint128 first, uint128 last);
    /// @notice No claim starts at `hint`, or it is not below the serials, or more than 64 claims below them.
    error InvalidHint(bytes32 registry, uint128 hint);
    /// @notice No claim starts at this serial.
    error UnknownClaim(bytes32 registry, uint128 first);
    /// @notice The claim is another operator's.
    error NotClaimant(bytes32 registry, uint128 first, address caller);
    /// @notice The claim is attested, once and for all.
    error AlreadyAttested(bytes32 registry, uint128 first);

    /// @notice Admits a registry of certificates; for the authority.
    /// @param name by which everybody knows it, 1 to 128 bytes
    /// @return registry `registryIdOf(name)`
    function admitRegistry(string calldata name) external returns (bytes32 registry);

    /// @notice Removes a registry; for the authority.
    function removeRegistry(bytes32 registry) external;

    /// @notice Appoints a registrar, an account of the registry itself; for the authority.
    function appointRegistrar(bytes32 registry, address registrar) external;

    /// @notice Dismisses a registrar; for the authority.
    function dismissRegistrar(bytes32 registry, address registrar) external;

    /// @notice Claims serials of an admitted registry for the calling operator.
    /// @param first the lowest serial, from 1
    /// @param last the highest
    /// @param cancellation id of the cancellation's statement, not zero
    /// @param subject what the footprint is of, such as a lot's id, not zero
    /// @param footprint id of the footprint's statement, not zero
    /// @param hint first serial of a claim below these, or 0: the search for the neighbours starts there
    function claim(
        bytes32 registry,
        uint128 first,
        uint128 last,
        bytes32 cancellation,
        bytes32 subject,
        bytes32 footprint,
        uint128 hint
    ) external;

    /// @notice Names a newer footprint of the same subject; for the claimant, while it is an operator.
    /// @param footprint id of the footprint's statement, not zero
    function nameFootprint(bytes32 registry, uint128 first, bytes32 footprint) external;

    /// @notice Attests a claim, once; for registrars of its registry.
    /// @param evidence hash of the registry's document, not zero
    function attest(bytes32 registry, uint128 first, bytes32 evidence) external;

    /// @notice Voids a claim that is not attested; for registrars of its registry.
    /// @param reason hash of the registry's document, not zero
    /// @param hint first serial of a claim below it, or 0
    function reject(bytes32 registry, uint128 first, bytes32 reason, uint128 hint) external;

    /// @notice The claim that starts at this serial; for `first` 0 all is zero but `next`, the lowest claim's.
    function claimOf(bytes32 registry, uint128 first) external view returns (Claim memory);

    /// @notice Whether the registry is admitted.
    function isRegistry(bytes32 registry) external view returns (bool);

    /// @notice Whether the account is a registrar of the registry.
    function isRegistrar(bytes32 registry, address account) external view returns (bool);

    /// @notice keccak256(bytes(name)).
    function registryIdOf(string calldata name) external pure returns (bytes32);
}
