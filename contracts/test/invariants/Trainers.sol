// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Masks} from "../../src/Masks.sol";
import {JobView, Role, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title Trainers join and publish; some are silent
abstract contract Trainers is Books {
    function trainersAct(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Training);
        if (job == 0 || chance(2)) {
            bytes32 open = jobIn(State.Open);
            if (open != 0) job = open;
        }
        if (job == 0) return otherwise();
        trainersDo(job);
    }

    function trainersDo(bytes32 job) internal {
        if (clock > protocol.job(job).deadline) return;
        if (ghosts[job].state == State.Open) joinSome(job);
        else publishSome(job);
    }

    function joinSome(bytes32 job) private {
        uint256 stake = protocol.terms(job).slotStake;
        uint256 wanted = chance(3) ? 1 + dice(protocol.terms(job).maxTrainers) : TRAINERS;
        uint256 start = dice(TRAINERS);
        for (uint256 i; i < TRAINERS && wanted != 0 && ghosts[job].state == State.Open; ++i) {
            address account = trainer((start + i) % TRAINERS);
            if (hasPart[job][account] || purse[account] < stake || protocol.node(account).role != Role.Trainer) continue;
            vm.prank(account);
            protocol.join(job);
            hasPart[job][account] = true;
            joined[job].push(account);
            purse[account] -= stake;
            ghosts[job].escrow += int256(stake);
            --wanted;
            noted(job);
        }
    }

    function publishSome(bytes32 job) private {
        uint8 round = ghosts[job].round;
        address[] memory all = joined[job];
        uint256 active = round == 1 ? type(uint256).max : protocol.round(job, 1).published;
        uint256 mask = some(all.length) & active & ~uint256(protocol.round(job, round).published);
        if (chance(10)) mask = 0;
        for (uint256 i; i < all.length; ++i) {
            if (!Masks.has(mask, i)) continue;
            vm.prank(all[i]);
            protocol.publishUpdate(job, round, keccak256(abi.encode(job, round, i)));
        }
        noted(job);
        JobView memory j = protocol.job(job);
        reachIf(round == 1 && j.state == State.Training && mask != 0, Mark.SomePublished);
    }
}
