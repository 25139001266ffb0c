// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterViews} from "../src/IScatterViews.sol";
import {RawCid} from "../src/RawCid.sol";
import {RecordKind, ScatterRecords} from "../src/ScatterRecords.sol";
import {State} from "../src/ScatterTypes.sol";
import {JobInState} from "./support/JobInState.sol";
import {vm} from "./support/Vm.sol";

contract RecordsTest is JobInState {
    bytes4 private constant ERC721 = 0x80ac58cd;
    bytes4 private constant ERC721_METADATA = 0x5b5e139f;
    address private stranger = address(0xA11CE);
    ScatterRecords private records;

    function setUp() public override {
        super.setUp();
        records = ScatterRecords(deploy("ScatterRecords", abi.encode(protocol)));
    }

    // ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_JobBecomesTwoTokensOfItsRequestor() public {
        bytes32 job = post(terms(3, 3, 1));
        vm.prank(stranger);
        records.mintJob(job, requestor);
        uint256 training = records.idOf(job, requestor, RecordKind.TrainingJob, 0);
        uint256 evaluation = records.idOf(job, requestor, RecordKind.EvaluationJob, 0);
        vm.assertEq(records.ownerOf(training), requestor, "owner of the training job");
        vm.assertEq(records.ownerOf(evaluation), requestor, "owner of the evaluation job");
        vm.assertEq(records.balanceOf(requestor), 2, "two");
        vm.assertEq(records.digest(training), "training", "digest");
        uriIs(training, "ipfs://bafkreiduojqws3tjnztqaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        uriIs(evaluation, "ipfs://bafkreidfozqwy5lboruw63qaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }

    function test_MintingSaysEverythingThatTheIdIsMadeOf() public {
        bytes32 job = post(terms(3, 3, 1));
        vm.expectEmit();
        emit ScatterRecords.Recorded(
            records.idOf(job, requestor, RecordKind.TrainingJob, 0),
            job,
            requestor,
            RecordKind.TrainingJob,
            0,
            "training"
        );
        records.mintJob(job, requestor);
    }

    function test_JobsAreMintedOnce() public {
        bytes32 job = post(terms(3, 3, 1));
        records.mintJob(job, requestor);
        uint256 id = records.idOf(job, requestor, RecordKind.TrainingJob, 0);
        bytes memory minted = abi.encodeWithSelector(ScatterRecords.AlreadyMinted.selector, id);
        refusedHere(mintingJob(job, requestor), minted);
        // Nor again after the token went on to somebody else.
        vm.prank(requestor);
        records.transferFrom(requestor, stranger, id);
        refusedHere(mintingJob(job, requestor), minted);
        vm.assertEq(records.ownerOf(id), stranger, "it stays there");
    }

    function test_TwoJobsOfOneRequestorAreFourTokens() public {
        records.mintJob(post(terms(3, 3, 1)), requestor);
        records.mintJob(post(terms(3, 3, 1)), requestor);
        vm.assertEq(records.balanceOf(requestor), 4, "four");
    }

    function test_JobsGoToWhoPostedThem() public {
        bytes32 job = started(terms(3, 3, 1));
        address[4] memory others = [stranger, trainer(0), member(job, 0), address(0)];
        for (uint256 i; i < others.length; ++i) {
            refusedHere(
                mintingJob(job, others[i]),
                abi.encodeWithSelector(ScatterRecords.NotRequestorOf.selector, job, others[i])
            );
        }
        refusedHere(
            mintingJob("no job", requestor),
            abi.encodeWithSelector(ScatterRecords.NotRequestorOf.selector, bytes32("no job"), requestor)
        );
    }

    // ── models ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_UpdatesBecomeTokensOfTheirTrainers() public {
        bytes32 job = settled(2);
        for (uint256 t; t < 3; ++t) {
            mintModel(job, t, both(), updatesOf(t, both()), 1);
            mintModel(job, t, both(), updatesOf(t, both()), 0);
            vm.assertEq(records.balanceOf(trainer(t)), 2, "a token for each round");
            uint256 id = records.idOf(job, trainer(t), RecordKind.Model, 2);
            vm.assertEq(records.ownerOf(id), trainer(t), "owner");
            vm.assertEq(records.digest(id), update(t, 2), "digest");
        }
        uriIs(
            records.idOf(job, trainer(1), RecordKind.Model, 1),
            "ipfs://bafkreihvgkg7osz47d7wjav3bye3f3vegdqirqb7yjpzmuu5si3ba7vm5i"
        );
    }

    function test_RoundsInWhichTheTrainerWasSilentAreLeftOut() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, rising(3, 10, 10));
        publish(job, 6); // trainer 0 is silent
        reveal(job);
        score(job, alike(rising(3, 10, 10), 3));
        aggregate(job, "model");
        expire(job);
        uint8[] memory first = new uint8[](1);
        first[0] = 1;
        refusedModel(job, 0, both(), updatesOf(0, both()), 0, mismatch(job, 0));
        refusedModel(job, 1, first, updatesOf(1, first), 0, mismatch(job, 1));
        mintModel(job, 0, first, updatesOf(0, first), 0);
        mintModel(job, 1, both(), updatesOf(1, both()), 1);
    }

    function test_ModelsAreMintedOnce() public {
        bytes32 job = settled(2);
        mintModel(job, 0, both(), updatesOf(0, both()), 1);
        uint256 id = records.idOf(job, trainer(0), RecordKind.Model, 2);
        bytes memory minted = abi.encodeWithSelector(ScatterRecords.AlreadyMinted.selector, id);
        refusedModel(job, 0, both(), updatesOf(0, both()), 1, minted);
    }

    function test_ModelsWaitForTheEndOfTheJob() public {
        bytes32 job = started(terms(3, 3, 1));
        publish(job, ALL);
        uint8[] memory first = new uint8[](1);
        first[0] = 1;
        bytes32[] memory updates = updatesOf(0, first);
        refusedModel(job, 0, first, updates, 0, notEnded(State.Revealing));
        reveal(job);
        score(job, alike(rising(3, 10, 10), 3));
        refusedModel(job, 0, first, updates, 0, notEnded(State.Aggregating));
        aggregate(job, "model");
        refusedModel(job, 0, first, updates, 0, notEnded(State.Challenging));
        expire(job);
        mintModel(job, 0, first, updates, 0);
    }

    function test_ModelsOfDefaultedAndOfCancelledJobs() public {
        bytes32 job = started(terms(3, 3, 1));
        publish(job, ALL);
        expire(job); // no shard key
        vm.assertEq(uint256(protocol.job(job).state), uint256(State.Defaulted), "defaulted");
        uint8[] memory first = new uint8[](1);
        first[0] = 1;
        mintModel(job, 2, first, updatesOf(2, first), 0);

        job = started(terms(3, 3, 1));
        expire(job); // nobody published
        vm.assertEq(uint256(protocol.job(job).state), uint256(State.Cancelled), "cancelled");
        refusedModel(job, 2, first, updatesOf(2, first), 0, mismatch(job, 2));
    }

    function test_OnlyTheWholeTruthMintsAModel() public {
        bytes32 job = settled(2);
        bytes32[] memory right = updatesOf(0, both());
        refusedModel(job, 0, both(), updatesOf(1, both()), 0, mismatch(job, 0));
        uint8[] memory rounds = both();
        (rounds[0], rounds[1]) = (2, 1);
        refusedModel(job, 0, rounds, right, 0, mismatch(job, 0));
        bytes32[] memory wrong = updatesOf(0, both());
        wrong[0] = "another";
        refusedModel(job, 0, both(), wrong, 1, mismatch(job, 0));
        bytes memory uneven = abi.encodeWithSelector(ScatterRecords.UpdateCountMismatch.selector, 2, 1);
        refusedModel(job, 0, both(), new bytes32[](1), 0, uneven);
        bytes memory beyond = abi.encodeWithSelector(ScatterRecords.NoSuchUpdate.selector, 2, 2);
        refusedModel(job, 0, both(), right, 2, beyond);
        bytes memory empty = abi.encodeWithSelector(ScatterRecords.NoSuchUpdate.selector, 0, 0);
        refusedModel(job, 0, new uint8[](0), new bytes32[](0), 0, empty);
    }

    function testFuzz_AChangedBitMintsNothing(uint256 which, uint256 bit) public {
        bytes32 job = settled(2);
        bytes32[] memory updates = updatesOf(0, both());
        updates[which % 2] ^= bytes32(1 << (bit % 256));
        refusedModel(job, 0, both(), updates, which % 2, mismatch(job, 0));
    }

    function test_ModelsGoToTrainersOnly() public {
        bytes32 job = settled(1);
        address[4] memory others = [stranger, requestor, member(job, 0), address(0)];
        for (uint256 i; i < others.length; ++i) {
            refusedHere(
                abi.encodeCall(records.mintModel, (job, others[i], new uint8[](1), new bytes32[](1), 0)),
                abi.encodeWithSelector(ScatterRecords.NotTrainerOf.selector, job, others[i])
            );
        }
    }

    function test_ClaimingChangesNothing() public {
        bytes32 job = settled(1);
        claim(job, trainer(0));
        claim(job, requestor);
        uint8[] memory first = new uint8[](1);
        first[0] = 1;
        mintModel(job, 0, first, updatesOf(0, first), 0);
        records.mintJob(job, requestor);
    }

    // ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_ReceiversAreNotCalled() public {
        bytes32 job = settled(1);
        vm.etch(requestor, hex"fe");
        vm.etch(trainer(0), hex"fe");
        records.mintJob(job, requestor);
        uint8[] memory first = new uint8[](1);
        first[0] = 1;
        mintModel(job, 0, first, updatesOf(0, first), 0);
        vm.assertEq(records.balanceOf(requestor), 2, "minted to a contract that takes no calls");
    }

    function test_TokensThatAreNot() public {
        uint256 id = records.idOf("job", requestor, RecordKind.Model, 1);
        bytes memory none = abi.encodeWithSignature("ERC721NonexistentToken(uint256)", id);
        refusedHere(abi.encodeCall(records.tokenURI, (id)), none);
        refusedHere(abi.encodeCall(records.ownerOf, (id)), none);
        vm.assertEq(records.digest(id), 0, "no digest");
    }

    function test_Identity() public view {
        vm.assertEq(bytes(records.name()), "Scatter Records", "name");
        vm.assertEq(bytes(records.symbol()), "SCTR", "symbol");
        vm.assertEq(address(records.protocol()), address(protocol), "protocol");
        vm.assertTrue(records.supportsInterface(ERC721), "ERC-721");
        vm.assertTrue(records.supportsInterface(ERC721_METADATA), "its metadata");
    }

    function test_ProtocolMustBeThere() public {
        vm.expectRevert(abi.encodeWithSelector(ScatterRecords.ProtocolMissing.selector, stranger));
        new ScatterRecords(IScatterViews(stranger));
    }

    function testFuzz_IdsDiffer(bytes32 job, address maker, uint8 round, bytes32 job2, address maker2, uint8 round2)
        public
        view
    {
        bool same = job == job2 && maker == maker2 && round == round2;
        uint256 id = records.idOf(job, maker, RecordKind.Model, round);
        vm.assertTrue((id == records.idOf(job2, maker2, RecordKind.Model, round2)) == same, "same only for the same");
        vm.assertTrue(id != records.idOf(job, maker, RecordKind.TrainingJob, round), "kinds differ");
    }

    // ── CIDs ────────────────────────────────────────────────────────────────────────────────────────────────────────
    /// Vectors from scatter.content.cids.raw_cid.
    function test_CidVectors() public pure {
        vm.assertEq(bytes(RawCid.text(0)), "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "all zero");
        vm.assertEq(
            bytes(RawCid.text(bytes32(type(uint256).max))),
            "bafkreih777777777777777777777777777777777777777777777777774",
            "all ones"
        );
        vm.assertEq(
            bytes(RawCid.text(0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f)),
            "bafkreiaaaebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4",
            "all different"
        );
    }

    /// Base32 bit by bit over all 36 bytes.
    function testFuzz_CidIsBase32OfItsBytes(bytes32 digest) public pure {
        bytes memory binary = abi.encodePacked(hex"01551220", digest, hex"00");
        bytes memory expected = new bytes(59);
        expected[0] = "b";
        for (uint256 letter; letter < 58; ++letter) {
            uint256 value;
            for (uint256 bit = 5 * letter; bit < 5 * letter + 5; ++bit) {
                value = 2 * value + ((uint8(binary[bit / 8]) >> (7 - bit % 8)) & 1);
            }
            expected[letter + 1] = bytes1(uint8(value < 26 ? 97 + value : 24 + value));
        }
        vm.assertEq(bytes(RawCid.text(digest)), expected, "base32");
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function settled(uint256 rounds) private returns (bytes32 job) {
        job = started(terms(3, 3, rounds));
        for (uint256 r; r < rounds; ++r) {
            playRound(job, rising(3, 10, 10));
        }
        expire(job);
        vm.assertEq(uint256(protocol.job(job).state), uint256(State.Settled), "settled");
    }

    function both() private pure returns (uint8[] memory rounds) {
        rounds = new uint8[](2);
        (rounds[0], rounds[1]) = (1, 2);
    }

    /// As `publish` has it.
    function update(uint256 t, uint8 round) private pure returns (bytes32) {
        return keccak256(abi.encode("update", t, round));
    }

    function updatesOf(uint256 t, uint8[] memory rounds) private pure returns (bytes32[] memory updates) {
        updates = new bytes32[](rounds.length);
        for (uint256 i; i < rounds.length; ++i) {
            updates[i] = update(t, rounds[i]);
        }
    }

    function mintModel(bytes32 job, uint256 t, uint8[] memory rounds, bytes32[] memory updates, uint256 index) private {
        vm.prank(stranger);
        records.mintModel(job, trainer(t), rounds, updates, index);
        vm.assertEq(
            records.ownerOf(records.idOf(job, trainer(t), RecordKind.Model, rounds[index])), trainer(t), "minted"
        );
    }

    function mintingJob(bytes32 job, address account) private view returns (bytes memory) {
        return abi.encodeCall(records.mintJob, (job, account));
    }

    function mismatch(bytes32 job, uint256 t) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ScatterRecords.UpdatesMismatch.selector, job, trainer(t));
    }

    function notEnded(State state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ScatterRecords.JobNotEnded.selector, state);
    }

    function refusedModel(
        bytes32 job,
        uint256 t,
        uint8[] memory rounds,
        bytes32[] memory updates,
        uint256 index,
        bytes memory expected
    ) private {
        refusedHere(abi.encodeCall(records.mintModel, (job, trainer(t), rounds, updates, index)), expected);
    }

    function refusedHere(bytes memory data, bytes memory expected) private {
        (bool done, bytes memory answer) = address(records).call(data);
        vm.assertTrue(!done, "refused");
        vm.assertEq(answer, expected, "with this error");
    }

    function uriIs(uint256 id, string memory expected) private view {
        vm.assertEq(bytes(records.tokenURI(id)), bytes(expected), "URI");
    }
}
