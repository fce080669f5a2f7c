// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ERC1155Holder} from "@openzeppelin/contracts/token/ERC1155/utils/ERC1155Holder.sol";
import {ILotRegistry} from "../interfaces/ILotRegistry.sol";

/// @title An operator that is a contract, and calls back into the registry when it receives a lot
/// @dev For the tests alone. `prepare` says what it does in the callback of the next mint.
contract LotReceiver is ERC1155Holder {
    ILotRegistry private immutable _LOTS;
    bytes private _reentry;

    constructor(ILotRegistry lots) {
        _LOTS = lots;
    }

    function prepare(bytes calldata reentry) external {
        _reentry = reentry;
    }

    function mint(
        bytes32 lot,
        ILotRegistry.RecordProof calldata record,
        ILotRegistry.Input[] calldata inputs
    ) external {
        _LOTS.mint(lot, record, inputs, ILotRegistry.Custody.NotStated);
    }

    function onERC1155Received(address operator, address from, uint256 id, uint256 value, bytes memory data)
        public
        override
        returns (bytes4)
    {
        bytes memory reentry = _reentry;
        if (reentry.length != 0) {
            delete _reentry;
            (bool ok, bytes memory reason) = address(_LOTS).call(reentry);
            // Pass the reason on, so that a test can name the error that stopped the reentry.
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
        return super.onERC1155Received(operator, from, id, value, data);
    }
}
