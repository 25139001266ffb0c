// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, Reason, RoundView} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Requestors} from "./Requestors.sol";
import {Seats} from "./Seats.sol";

/// @title Filing a challenge, by whoever may, of whatever there is
abstract contract Filers is Requestors, Seats {
    mapping(bytes32 job => mapping(uint256 item => mapping(address filer => bool))) private filed;

    function file(bytes32 job, address account, ChallengeKind kind, uint8 round) internal override(Requestors, Seats) {
        uint256 bond = parametersOf(job).challengeBond;
        uint256 item = uint256(kind) << 8 | round;
        if (clock > protocol.job(job).deadline || protocol.terms(job).minJury == 0) return;
        if (!isThere(job, kind, round) || filed[job][item][account] || purse[account] < bond) return;
        if (account == ghosts[job].requestor && kind != ChallengeKind.Refusal) return;
        filed[job][item][account] = true;
        purse[account] -= bond;
        ghosts[job].escrow += int256(bond);
        vm.prank(account);
        protocol.challenge(job, kind, round);
        noted(job);
    }

    function isThere(bytes32 job, ChallengeKind kind, uint8 round) private view returns (bool) {
        if (kind == ChallengeKind.Refusal) return ghosts[job].reason == Reason.Refused && round == ghosts[job].round;
        RoundView memory r = protocol.round(job, round);
        return r.settled && (kind == ChallengeKind.Scores || r.positiveSum != 0);
    }
}
