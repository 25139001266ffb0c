// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, JudgingPhase, Outcome, Reason, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";

/// What else a campaign should come by. tools/invariants.py reads the names from here.
enum Mark {
    LargeRoundSettled,
    StoodIn,
    LeftOut,
    Deviated,
    SeatSlashed,
    JurorSlashed,
    LostByVerdict,
    SeatAbstained,
    StoppedWhereSomeAbstained,
    SparedForWhatItCouldNotRead,
    SparedForBeingLeftOut,
    JurorAbstained,
    JurorSpared,
    UpdateRestored,
    UpdateStruckOut,
    ScoresRestored,
    WithinHonestScores,
    JuryVoid,
    SecondPageOfSeats,
    BlockNamedAgain,
    FeesReserved,
    OwedMoreThanEscrowed,
    BankRun,
    Withdrawn,
    RoleLost,
    RoleChanged,
    Topped,
    VersionChanged,
    OldVersionEnded,
    Burned,
    SomePublished,
    TrainerPenalised,
    EmptyRound,
    AnotherOrderOfTallies,
    Recorded,
    RefusedForeign,
    RefusedEarly,
    RefusedLate,
    RefusedRepeated,
    RefusedWrongState,
    RefusedWrongRound,
    RefusedCopied,
    RefusedCopiedVerdict,
    RefusedTerms
}

/// @title How often the runs of a campaign reached what they should
/// @dev Runs are undone, so each appends a line to a file; contracts/tools/invariants.py adds them up.
abstract contract Reached {
    string private constant FILE = "cache/campaign/reached.txt";

    uint256 private constant OUTCOMES = 4;

    mapping(bytes32 table => mapping(uint256 place => uint256)) private counts;
    /// What every run begins with is not what a campaign reached.
    bool internal counting;

    function count(bytes32 table, uint256 place) private {
        if (counting) ++counts[table][place];
    }

    function reach(Mark mark) internal {
        count("marks", uint256(mark));
    }

    function reachIf(bool condition, Mark mark) internal {
        if (condition) reach(mark);
    }

    function reach(State state) internal {
        count("states", uint256(state));
    }

    /// A job ended with it.
    function reach(Reason reason) internal {
        count("reasons", uint256(reason));
    }

    function reach(JudgingPhase phase) internal {
        count("phases", uint256(phase));
    }

    /// An item of a job that ended.
    function reach(ChallengeKind kind, Outcome outcome) internal {
        count("outcomes", uint256(kind) * OUTCOMES + uint256(outcome));
    }

    /// One line: the five tables.
    function keepReached() public {
        vm.createDir("cache/campaign", true);
        vm.writeLine(
            FILE,
            string.concat(
                line("states", uint256(type(State).max) + 1),
                line("reasons", uint256(type(Reason).max) + 1),
                line("phases", uint256(type(JudgingPhase).max) + 1),
                line("outcomes", (uint256(type(ChallengeKind).max) + 1) * OUTCOMES),
                line("marks", uint256(type(Mark).max) + 1)
            )
        );
    }

    function line(bytes32 table, uint256 places) private view returns (string memory text) {
        for (uint256 i; i < places; ++i) {
            text = string.concat(text, vm.toString(counts[table][i]), " ");
        }
    }
}
