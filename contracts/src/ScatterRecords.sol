// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IScatterViews} from "./IScatterViews.sol";
import {RawCid} from "./RawCid.sol";
import {JobTerms, PartView, Role, State} from "./ScatterTypes.sol";

/// What a token stands for.
enum RecordKind {
    TrainingJob,
    EvaluationJob,
    Model
}

/// @title Records: training jobs, evaluation jobs and models as tokens of their makers
/// @notice Anybody mints any of them, each once, always to its maker. The protocol is only read, so jobs cost the same whether or
/// not anybody wants tokens of them. Nobody owns this contract.
/// @dev Receivers are not called (`_mint`, not `_safeMint`), and the protocol is asked by static calls: there is nothing to re-enter.
contract ScatterRecords is ERC721 {
    /// There is no contract at this address.
    error ProtocolMissing(address protocol);
    /// The account did not post this job.
    error NotRequestorOf(bytes32 job, address account);
    /// The account holds no trainer's slot in this job.
    error NotTrainerOf(bytes32 job, address account);
    /// Models become tokens when the job is Settled, Defaulted or Cancelled.
    error JobNotEnded(State current);
    /// One round number for each update.
    error UpdateCountMismatch(uint256 rounds, uint256 updates);
    /// `index` is none of the updates.
    error NoSuchUpdate(uint256 index, uint256 updates);
    /// These are not all the updates that the trainer published, in order, with their rounds.
    error UpdatesMismatch(bytes32 job, address account);
    /// The token exists.
    error AlreadyMinted(uint256 id);

    /// A token was minted; everything that its id is made of. Round 0 for jobs.
    event Recorded(
        uint256 indexed id, bytes32 indexed job, address indexed maker, RecordKind kind, uint8 round, bytes32 digest
    );

    /// @notice The protocol whose jobs these are.
    IScatterViews public immutable protocol;

    /// @notice sha2-256 of the manifest (a raw block) that a token stands for; 0 when there is no such token.
    mapping(uint256 id => bytes32) public digest;

    constructor(IScatterViews protocol_) ERC721("Scatter Records", "SCTR") {
        if (address(protocol_).code.length == 0) revert ProtocolMissing(address(protocol_));
        protocol = protocol_;
    }

    /// @notice Mint a job's two tokens, training job and evaluation job, to its requestor.
    function mintJob(bytes32 jobId, address requestor) external {
        if (protocol.part(jobId, requestor).role != Role.Requestor) revert NotRequestorOf(jobId, requestor);
        (bytes32 trainingJob, bytes32 evaluationJob) = _manifests(jobId);
        _record(jobId, requestor, RecordKind.TrainingJob, 0, trainingJob);
        _record(jobId, requestor, RecordKind.EvaluationJob, 0, evaluationJob);
    }

    /// @notice Mint one of a trainer's updates to that trainer, once the job has ended.
    /// @param rounds in which the trainer published, all of them, in order
    /// @param updates what it published in them (see `UpdatePublished`)
    /// @param index which of these the token is for
    function mintModel(
        bytes32 jobId,
        address trainer,
        uint8[] calldata rounds,
        bytes32[] calldata updates,
        uint256 index
    ) external {
        PartView memory part = protocol.part(jobId, trainer);
        if (part.role != Role.Trainer) revert NotTrainerOf(jobId, trainer);
        State state = protocol.job(jobId).state;
        if (state != State.Settled && state != State.Defaulted && state != State.Cancelled) revert JobNotEnded(state);
        if (rounds.length != updates.length) revert UpdateCountMismatch(rounds.length, updates.length);
        if (index >= updates.length) revert NoSuchUpdate(index, updates.length);
        if (_chain(rounds, updates) != part.updates) revert UpdatesMismatch(jobId, trainer);
        _record(jobId, trainer, RecordKind.Model, rounds[index], updates[index]);
    }

    /// @notice The id of the token of a job (round 0) or of a model, whether or not it was minted.
    function idOf(bytes32 jobId, address maker, RecordKind kind, uint8 round) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(jobId, maker, kind, round)));
    }

    /// @notice "ipfs://" and the CID of the manifest.
    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        return string.concat("ipfs://", RawCid.text(digest[id]));
    }

    function _record(bytes32 jobId, address maker, RecordKind kind, uint8 round, bytes32 content) private {
        uint256 id = idOf(jobId, maker, kind, round);
        if (digest[id] != 0) revert AlreadyMinted(id);
        digest[id] = content;
        emit Recorded(id, jobId, maker, kind, round, content);
        _mint(maker, id);
    }

    function _manifests(bytes32 jobId) private view returns (bytes32 trainingJob, bytes32 evaluationJob) {
        JobTerms memory terms = protocol.terms(jobId);
        return (terms.trainingJob, terms.evaluationJob);
    }

    /// @dev What the protocol keeps of a trainer's updates: see `IScatterJobs.publishUpdate`.
    function _chain(uint8[] calldata rounds, bytes32[] calldata updates) private pure returns (uint216 chain) {
        for (uint256 i; i < updates.length; ++i) {
            chain = uint216(uint256(keccak256(abi.encode(uint256(chain), rounds[i], updates[i]))));
        }
    }
}
