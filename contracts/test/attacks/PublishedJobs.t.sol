// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {IScatterJobs} from "../../src/IScatterJobs.sol";
import {IScatterParameters} from "../../src/IScatterParameters.sol";
import {JobTerms, Parameters, Reason, Role, State} from "../../src/ScatterTypes.sol";
import {JobInState} from "../support/JobInState.sol";
import {vm} from "../support/Vm.sol";

/// Attacks on the way of a job that worked on the contracts published with the paper, replayed on these.
contract PublishedJobsTest is JobInState {
    uint256 private constant STAKE = 500 * SCT;
    address private constant STRANGER = address(0xBAD);

    /// Whoever liked ended a job, before its trainers had published. Here only time, or the last who owes something, ends a state;
    /// what is the requestor's to do nobody else does, and nothing is paid before the end.
    function test_StrangersEndingAJob() public {
        bytes32 job = post(terms(3, 3, 1));
        join(job, 2);
        bytes memory foreign = by(IScatterErrors.NotRequestor.selector, STRANGER);
        refused(STRANGER, abi.encodeCall(IScatterJobs.start, (job)), foreign);
        notYet(job);
        vm.prank(trainer(2));
        protocol.join(job);
        draw(job);
        refused(STRANGER, abi.encodeCall(IScatterJobs.publishKeys, (job, bytes32("bundle"))), foreign);
        notYet(job);
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        notYet(job);
        publish(job, ALL);
        refused(STRANGER, abi.encodeCall(IScatterJobs.revealShardKey, (job, 1, shardKey(1))), foreign);
        notYet(job);
        reveal(job);
        notYet(job);
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), rising(3, 10, 10));
        }
        notYet(job);
        for (uint256 i; i < 3; ++i) {
            open(job, member(job, i), rising(3, 10, 10));
        }
        notYet(job);
        aggregate(job, "model");
        notYet(job);
        expire(job);
        checkState(job, State.Settled, Reason.None);
    }

    /// A pool stayed in the contract for ever when a job ended in another way than the one foreseen. Here every end pays
    /// everything to somebody, whoever claims.
    function test_LostPools() public {
        bytes32 job = post(terms(3, 3, 1));
        expire(job);
        ended(job, State.Cancelled, Reason.TooFewTrainers);
        job = post(terms(3, 4, 1));
        join(job, 3);
        draw(job);
        ended(job, State.Cancelled, Reason.NoCommittee);
        job = post(terms(3, 3, 2));
        join(job, 3);
        draw(job);
        expire(job);
        ended(job, State.Defaulted, Reason.NoKeys);
        job = started(terms(3, 3, 2));
        expire(job);
        ended(job, State.Cancelled, Reason.NoTrainerLeft);
        job = started(terms(3, 3, 2));
        publish(job, 1);
        expire(job);
        ended(job, State.Defaulted, Reason.NoShardKey);
        job = inCommitting(2);
        expire(job);
        expire(job);
        ended(job, State.Cancelled, Reason.TooFewOpened);
        uint256[] memory refusal;
        job = inCommitting(2);
        score(job, alike(refusal, 3));
        expire(job);
        ended(job, State.Settled, Reason.Refused);
        job = inCommitting(1);
        score(job, alike(pack(5000, new uint256[](3)), 3));
        expire(job);
        ended(job, State.Settled, Reason.None);
    }

    /// A topic that was posted again took the place of the job under it, with the money of that. Here a name is used once, by
    /// each requestor for itself, also when its job is over.
    function test_PostingATopicTwice() public {
        bytes32 job = post(terms(3, 3, 1));
        JobTerms memory other = terms(1, 1, 2);
        bytes memory again =
            abi.encodeCall(IScatterJobs.post, (bytes32(uint256(1)), other, shardKeyHashes(2), new bytes32[](2)));
        bytes memory taken = abi.encodeWithSelector(IScatterErrors.JobExists.selector, job);
        refused(requestor, again, taken);
        address second = address(0x1002);
        enrol(second, Role.Requestor);
        vm.prank(second);
        bytes32 another = protocol.post(bytes32(uint256(1)), other, shardKeyHashes(2), new bytes32[](2));
        vm.assertTrue(another != job, "a job of its own");
        vm.assertEq(protocol.terms(job).members, 3, "the first one is as it was");
        expire(job);
        claim(job, requestor);
        refused(requestor, again, taken);
    }

    /// A job for nobody, or scored by nobody, was taken, and paid out by a division by zero or not at all. Here there is one of
    /// each at least, and a job that too few join is over in time.
    function test_ZeroTrainersOrValidators() public {
        bounded("maxTrainers", terms(0, 3, 1), 63);
        bounded("members", terms(3, 0, 1), 31);
        JobTerms memory t = terms(3, 3, 1);
        t.minTrainers = 0;
        bounded("minTrainers", t, 3);
        bytes32 job = post(terms(3, 3, 1));
        bytes memory few = abi.encodeWithSelector(IScatterErrors.TooFewTrainersJoined.selector, 0, 1);
        refused(requestor, abi.encodeCall(IScatterJobs.start, (job)), few);
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewTrainers);
        gets(job, requestor, 2000 * SCT);
    }

    /// Setters let the deployer, or anybody, point the contracts at another token or registry while jobs ran. Here references are
    /// immutable, there is no such function, and the one thing that the owner may do does not reach a posted job.
    function test_RepointedReferences() public {
        bytes32 job = started(terms(3, 3, 1));
        bytes32 before = keccak256(abi.encode(protocol.immutables()));
        string[8] memory setters = [
            "setToken(address)",
            "setRandomness(address)",
            "setModule(address)",
            "setClaims(address)",
            "transferOwnership(address)",
            "upgradeTo(address)",
            "upgradeToAndCall(address,bytes)",
            "initialize(address)"
        ];
        for (uint256 i; i < setters.length; ++i) {
            (bool done,) = address(protocol).call(abi.encodeWithSignature(setters[i], address(this), ""));
            vm.assertTrue(!done, setters[i]);
        }
        Parameters memory p = parameters();
        p.trainersBps = 0;
        p.slashBase = uint88(5000 * SCT);
        bytes memory change = abi.encodeCall(IScatterParameters.changeParameters, (1, p));
        refused(STRANGER, change, by(IScatterErrors.NotOwner.selector, STRANGER));
        protocol.changeParameters(1, p);
        vm.assertEq(keccak256(abi.encode(protocol.immutables())), before, "what it was deployed with");
        playRound(job, rising(3, 100, 0));
        expire(job);
        gets(job, trainer(0), STAKE + uint256(700 * SCT) / 3);
        settleAccounts(job);
    }

    /// A job that was started again drew its committee, or took its pool, again. Here it leaves Open once.
    function test_StartingTwice() public {
        bytes32 job = post(terms(3, 3, 1));
        join(job, 2);
        vm.prank(requestor);
        protocol.start(job);
        uint256 held = token.balanceOf(address(protocol));
        bytes memory again = abi.encodeCall(IScatterJobs.start, (job));
        refused(requestor, again, wrongState(State.Drawing));
        draw(job);
        address[] memory seats = protocol.seats(job);
        refused(requestor, again, wrongState(State.Keying));
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        refused(requestor, again, wrongState(State.Training));
        refused(requestor, abi.encodeCall(IScatterJobs.publishKeys, (job, bytes32("b"))), wrongState(State.Training));
        vm.assertEq(keccak256(abi.encode(protocol.seats(job))), keccak256(abi.encode(seats)), "one committee");
        vm.assertEq(token.balanceOf(address(protocol)), held, "paid once");
    }

    /// A model that was published before the job began counted as trained for it. Here updates are taken in Training, for the
    /// round in progress, from trainers of the job.
    function test_PublishingBeforeTheStart() public {
        bytes32 job = post(terms(3, 3, 2));
        join(job, 2);
        refused(trainer(0), publishing(job, 1), wrongState(State.Open));
        vm.prank(trainer(2));
        protocol.join(job);
        refused(trainer(0), publishing(job, 1), wrongState(State.Drawing));
        draw(job);
        refused(trainer(0), publishing(job, 1), wrongState(State.Keying));
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        refused(trainer(0), publishing(job, 2), abi.encodeWithSelector(IScatterErrors.WrongRound.selector, 1));
        refused(requestor, publishing(job, 1), by(IScatterErrors.NotTrainer.selector, requestor));
        publish(job, ALL);
        vm.assertEq(protocol.round(job, 1).published, 7, "now they are taken");
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// A stranger moves nothing now, and gets nothing out.
    function notYet(bytes32 job) private {
        refused(STRANGER, poking(job), deadlineAhead(job));
        address[] memory all = new address[](1);
        all[0] = requestor;
        uint256[] memory none;
        bytes memory claiming = abi.encodeWithSelector(protocol.claim.selector, job, all, none);
        refused(STRANGER, claiming, wrongState(protocol.job(job).state));
    }

    function ended(bytes32 job, State state, Reason reason) private {
        checkState(job, state, reason);
        settleAccounts(job);
    }

    function bounded(bytes32 term, JobTerms memory t, uint256 most) private {
        bytes memory data = abi.encodeCall(IScatterJobs.post, ("x", t, shardKeyHashes(1), new bytes32[](1)));
        refused(
            requestor, data, abi.encodeWithSelector(IScatterErrors.TermOutOfRange.selector, term, uint256(0), 1, most)
        );
    }

    function gets(bytes32 job, address account, uint256 expected) private {
        (uint256 paid,,) = claim(job, account);
        vm.assertEq(paid, expected, "paid");
    }
}
