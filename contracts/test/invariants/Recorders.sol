// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Reputation, ScatterReputation} from "../../src/ScatterReputation.sol";
import {State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title Anybody records what others did in jobs that have ended, claimed or not; each part counts once
/// @dev That nothing else changes by it shows in the books.
abstract contract Recorders is Books {
    mapping(bytes32 job => mapping(address account => bool)) private recorded;
    mapping(address account => uint256) private jobsOf;

    function anybodyRecords(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Settled, State.Cancelled);
        if (job == 0) return otherwise();
        address[] memory all = partsOf(job);
        for (uint256 n = 1 + dice(4); n != 0; --n) {
            recordOne(job, all[dice(all.length)]);
        }
    }

    function recordOne(bytes32 job, address account) private {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        bytes memory data = abi.encodeCall(ScatterReputation.record, (job, accounts));
        if (recorded[job][account]) {
            (bool done, bytes memory answer) = address(book).call(data);
            vm.assertTrue(!done && bytes4(answer) == ScatterReputation.AlreadyRecorded.selector, "9: recorded once");
            return;
        }
        Reputation memory before = book.reputation(account);
        Reputation memory deeds = book.deeds(job, account);
        book.record(job, accounts);
        recorded[job][account] = true;
        Reputation memory r = book.reputation(account);
        vm.assertEq(r.jobs, ++jobsOf[account], "each job counts once");
        vm.assertEq(r.rounds, uint256(before.rounds) + deeds.rounds, "what it did is added");
        vm.assertTrue(r.contribution == before.contribution + deeds.contribution, "contributions are added");
        vm.assertEq(r.silences, uint256(before.silences) + deeds.silences, "silences are added");
        vm.assertEq(r.slashes, uint256(before.slashes) + deeds.slashes, "slashes are added");
        vm.assertEq(deeds.slashes, owedAt[job][account].penalty != 0 && owedAt[job][account].seat ? 1 : 0, "slashes are those paid");
        reach(Mark.Recorded);
    }
}
