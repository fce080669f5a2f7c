// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Labels: by whose scheme, from which certifier, until when, and where they are recognised
/// @notice An authority admits schemes with their owners, and markets with theirs. A scheme's owner publishes its
/// criteria and accredits certifiers; a certifier issues labels and answers for them; a market's authority says what
/// of a scheme it accepts, which binds nobody in the other direction. What a label is for, criteria and agreements
/// are statements, known here by their ids. Times are Unix seconds; `until` is the first second that is outside.
/// What only lowers trust (suspending, revoking) stays open to a certifier whose accreditation ended.
interface ILabelRegistry {
    /// @notice None: no such label. Expired is said of a label that time alone ended.
    enum Status {
        None,
        Valid,
        Suspended,
        Revoked,
        Expired
    }

    /// @notice A scheme; version 0: it has published nothing yet.
    struct Scheme {
        address owner;
        bool admitted;
        uint32 version;
        address pendingOwner;
        bytes32 content;
    }

    /// @notice A certifier's accreditation; `scope` is the id of a statement, zero for the whole scheme.
    struct Accreditation {
        uint64 from;
        uint64 until;
        bytes32 scope;
    }

    /// @notice A label as it was issued; `status` does not know of time, see `statusOf`.
    struct Label {
        address certifier;
        Status status;
        uint64 until;
        address suspendedBy;
        bytes32 scheme;
    }

    /// @notice What a market accepts of a scheme for a category; `accepted` is a set of bits, see `recognise`.
    struct Recognition {
        uint64 from;
        uint64 until;
        uint8 accepted;
    }

    /// @notice A scheme may have labels, by the certifiers that its owner accredits.
    event SchemeAdmitted(bytes32 indexed scheme, address indexed owner, string name);
    /// @notice No more labels are issued under the scheme; those that there are stay as they are.
    event SchemeRemoved(bytes32 indexed scheme);
    /// @notice A scheme is offered to a new owner.
    event SchemeTransferStarted(bytes32 indexed scheme, address indexed owner, address indexed newOwner);
    /// @notice A scheme has a new owner.
    event SchemeTransferred(bytes32 indexed scheme, address indexed previous, address indexed owner);
    /// @notice The scheme's scope and criteria are this statement; versions count from 1.
    event SchemePublished(bytes32 indexed scheme, uint32 indexed version, bytes32 content);
    /// @notice A certifier may issue labels of the scheme from `from` until `until`; replaces what was said before.
    event CertifierAccredited(
        bytes32 indexed scheme, address indexed certifier, uint64 from, uint64 until, bytes32 scope
    );
    /// @notice A certifier's accreditation ended; its labels stay as they are.
    event AccreditationWithdrawn(bytes32 indexed scheme, address indexed certifier);
    /// @notice A label was issued for `subject`, by the scheme's criteria of this version.
    event LabelIssued(
        bytes32 indexed label,
        bytes32 indexed subject,
        address indexed certifier,
        bytes32 scheme,
        bytes32 statement,
        uint32 version,
        uint64 from,
        uint64 until
    );
    /// @notice A label counts no more for the time being.
    event LabelSuspended(bytes32 indexed label, address indexed by, bytes32 reason);
    /// @notice A suspended label counts again.
    event LabelResumed(bytes32 indexed label, address indexed by);
    /// @notice A label counts no more, ever.
    event LabelRevoked(bytes32 indexed label, address indexed by, bytes32 reason);
    /// @notice A market has an authority, or a new one.
    event MarketAdmitted(bytes32 indexed market, address indexed authority, string name);
    /// @notice The market accepts `accepted` of the scheme for goods of `category`; replaces what was said before.
    event Recognised(
        bytes32 indexed market,
        bytes32 indexed scheme,
        bytes32 indexed category,
        uint8 accepted,
        uint64 from,
        uint64 until,
        bytes32 agreement
    );
    /// @notice The market recognises the scheme no more for goods of `category`.
    event RecognitionWithdrawn(bytes32 indexed market, bytes32 indexed scheme, bytes32 indexed category);

    /// @notice The caller is not an operator that the key registry admits.
    error NotOperator(address caller);
    /// @notice The account is the zero address.
    error InvalidAccount();
    /// @notice A name is empty or has more than 128 bytes.
    error InvalidName();
    /// @notice The hash or id is zero.
    error MissingHash();
    /// @notice The time ends before it begins, or has ended already.
    error InvalidTime(uint64 from, uint64 until);
    /// @notice The scheme was admitted before; its owner stays.
    error SchemeExists(bytes32 scheme);
    /// @notice The scheme is not admitted.
    error UnknownScheme(bytes32 scheme);
    /// @notice The caller does not own the scheme.
    error NotSchemeOwner(bytes32 scheme, address caller);
    /// @notice The scheme is not offered to the caller.
    error NotPendingOwner(bytes32 scheme, address caller);
    /// @notice The scheme has published no criteria.
    error NothingPublished(bytes32 scheme);
    /// @notice The account is not accredited for the scheme now.
    error NotAccredited(bytes32 scheme, address certifier);
    /// @notice The certifier has issued a label by this statement before.
    error LabelExists(bytes32 label);
    /// @notice There is no such label.
    error UnknownLabel(bytes32 label);
    /// @notice Neither the label's certifier nor its scheme's owner, or somebody else suspended it.
    error NotAllowed(bytes32 label, address caller);
    /// @notice The label's status does not allow this.
    error WrongStatus(bytes32 label, Status status);
    /// @notice The caller is not the market's authority.
    error NotMarketAuthority(bytes32 market, address caller);
    /// @notice No bit, or one that has no meaning.
    error InvalidAcceptance(uint8 accepted);
    /// @notice The market does not recognise the scheme for this category.
    error NotRecognised(bytes32 market, bytes32 scheme, bytes32 category);

    /// @notice Admits a scheme, or again one that was removed; for the authority.
    /// @param schemeOwner who rules it; for one that was removed its owner
    /// @param name 1 to 128 bytes
    /// @return scheme keccak256(bytes(name))
    function admitScheme(address schemeOwner, string calldata name) external returns (bytes32 scheme);

    /// @notice Removes a scheme; for the authority.
    function removeScheme(bytes32 scheme) external;

    /// @notice Offers a scheme to a new owner, who accepts it by `acceptScheme`; the zero address takes an offer back.
    function transferScheme(bytes32 scheme, address newOwner) external;

    /// @notice Takes a scheme that is offered to the caller.
    function acceptScheme(bytes32 scheme) external;

    /// @notice Publishes scope and criteria, as a newer version; for the scheme's owner.
    /// @param content id of the statement, not zero
    function publish(bytes32 scheme, bytes32 content) external;

    /// @notice Accredits a certifier, or changes an accreditation; for the scheme's owner.
    /// @param until later than `from`, and not past
    /// @param scope id of the statement that limits it; zero for the whole scheme
    function accredit(bytes32 scheme, address certifier, uint64 from, uint64 until, bytes32 scope) external;

    /// @notice Ends an accreditation; for the scheme's owner.
    function withdrawAccreditation(bytes32 scheme, address certifier) external;

    /// @notice Issues a label; for a certifier that is an operator and accredited now.
    /// @param statement id of the label's statement, not zero
    /// @param subject what it is for, such as a lot's id, not zero
    /// @param until later than `from`, and not past
    /// @return label `labelIdOf(caller, statement)`
    function issue(bytes32 scheme, bytes32 statement, bytes32 subject, uint64 from, uint64 until)
        external
        returns (bytes32 label);

    /// @notice Suspends a valid label; for its certifier and its scheme's owner.
    /// @param reason id of the statement that says why, not zero
    function suspend(bytes32 label, bytes32 reason) external;

    /// @notice Resumes a suspended label; for the scheme's owner, and for the certifier, while accredited, if it was
    /// the certifier that suspended it.
    function resume(bytes32 label) external;

    /// @notice Revokes a label for good; for its certifier and its scheme's owner.
    /// @param reason id of the statement that says why, not zero
    function revoke(bytes32 label, bytes32 reason) external;

    /// @notice Admits a market, or gives it another authority; for the authority.
    /// @param name such as an ISO 3166 code, 1 to 128 bytes
    /// @return market keccak256(bytes(name))
    function admitMarket(address marketAuthority, string calldata name) external returns (bytes32 market);

    /// @notice Recognises a scheme in a market, or changes a recognition; for the market's authority.
    /// @param category id of a category of the living list; zero for all goods
    /// @param accepted 1 test reports, 2 audits, 4 verifications, 8 certificates, or a sum of these
    /// @param until later than `from`, and not past
    /// @param agreement id of the agreement's statement, not zero
    function recognise(
        bytes32 market,
        bytes32 scheme,
        bytes32 category,
        uint8 accepted,
        uint64 from,
        uint64 until,
        bytes32 agreement
    ) external;

    /// @notice Ends a recognition; for the market's authority.
    function withdrawRecognition(bytes32 market, bytes32 scheme, bytes32 category) external;

    /// @notice A scheme; all zero if it was never admitted.
    function schemeOf(bytes32 scheme) external view returns (Scheme memory);

    /// @notice What a scheme's owner says of a certifier; all zero if nothing.
    function accreditationOf(bytes32 scheme, address certifier) external view returns (Accreditation memory);

    /// @notice A label; all zero if there is none.
    function labelOf(bytes32 label) external view returns (Label memory);

    /// @notice A label's status now.
    function statusOf(bytes32 label) external view returns (Status);

    /// @notice A market's authority; zero if it was never admitted.
    function authorityOf(bytes32 market) external view returns (address);

    /// @notice What a market says of a scheme for a category; all zero if nothing.
    function recognitionOf(bytes32 market, bytes32 scheme, bytes32 category)
        external
        view
        returns (Recognition memory);

    /// @notice keccak256(abi.encode(certifier, statement)): nobody can take a label's id before its certifier does.
    function labelIdOf(address certifier, bytes32 statement) external pure returns (bytes32);
}
