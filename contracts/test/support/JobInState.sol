// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterActions} from "../../src/IScatterActions.sol";
import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {Role, State} from "../../src/ScatterTypes.sol";
import {ScatterTest} from "./ScatterTest.sol";
import {vm} from "./Vm.sol";

/// @title A job of three trainers and three members in any state, and the calls and errors that belong there
abstract contract JobInState is ScatterTest {
    uint256 internal constant ALL = type(uint256).max;

    function setUp() public virtual override {
        super.setUp();
        enrolTrainers(3);
        enrolValidators(3);
    }

    // ── ways into states ────────────────────────────────────────────────────────────────────────────────────────────
    function inCommitting(uint256 rounds) internal returns (bytes32 job) {
        job = started(terms(3, 3, rounds));
        publish(job, ALL);
        reveal(job);
    }

    function inOpening(uint256 rounds, uint256[] memory words) internal returns (bytes32 job) {
        job = inCommitting(rounds);
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), words);
        }
    }

    function inAggregating(uint256 rounds) internal returns (bytes32 job) {
        job = inCommitting(rounds);
        score(job, alike(rising(3, 10, 10), 3));
    }

    function enrolMore(uint256 n) internal {
        for (uint256 i = 3; i < n; ++i) {
            enrol(trainer(i), Role.Trainer);
        }
    }

    function member(bytes32 job, uint256 seat) internal view returns (address) {
        return protocol.seats(job)[seat];
    }

    function postAs(bytes32 job, uint256 seat, bytes32 digest) internal {
        address m = member(job, seat);
        uint8 round = protocol.job(job).round;
        vm.prank(m);
        protocol.postAggregate(job, round, digest);
    }

    // ── calls and errors ────────────────────────────────────────────────────────────────────────────────────────────
    function poking(bytes32 job) internal pure returns (bytes memory) {
        return abi.encodeCall(IScatterActions.poke, (job));
    }

    function publishing(bytes32 job, uint8 round) internal pure returns (bytes memory) {
        return abi.encodeCall(IScatterActions.publishUpdate, (job, round, bytes32("update")));
    }

    function opening(bytes32 job, uint256[] memory words) internal pure returns (bytes memory) {
        return abi.encodeCall(IScatterActions.openScores, (job, 1, words, SALT));
    }

    function settling(bytes32 job, uint256[][] memory words) internal pure returns (bytes memory) {
        return abi.encodeCall(IScatterActions.settleRound, (job, 1, words));
    }

    function wrongState(State current) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IScatterErrors.WrongState.selector, current);
    }

    function deadlineAhead(bytes32 job) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IScatterErrors.DeadlineAhead.selector, uint256(protocol.job(job).deadline));
    }

    function deadlinePassed(bytes32 job) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IScatterErrors.DeadlinePassed.selector, uint256(protocol.job(job).deadline));
    }

    function missing() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IScatterErrors.DigestMissing.selector);
    }

    function by(bytes4 selector, address account) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, account);
    }
}
