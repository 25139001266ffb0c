// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Campaign} from "./invariants/Campaign.sol";

/// The invariants of docs/protocol.md over many jobs at once, with a handler for each role and with time moving.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Campaign private campaign;

    function setUp() public {
        campaign = new Campaign();
        campaign.setUp();
        campaign.begin();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(campaign);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(campaign), campaign.handlers());
    }

    /// At every step: 1 to 4, 6, 7, 9 and 11. Handlers check the others, and what belongs to a single call, and never revert.
    function invariant_All() public view {
        campaign.checkBooks();
    }

    /// At the end of every run: 2 and 5.
    function afterInvariant() public {
        campaign.keepReached();
        campaign.finish();
    }
}
