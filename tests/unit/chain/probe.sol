// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// What the tests of `scatter.chain` talk to: every kind of argument, event and error that the bindings must carry.
/// Compiled to probe.json by tests/unit/chain/compile_probe.py.
contract Probe {
    enum Kind {
        None,
        First,
        Second
    }
    struct Inner {
        uint8 smallNumber;
        address[] nodeList;
    }
    struct Item {
        bytes32 contentDigest;
        Inner inner;
        Kind kind;
    }

    error TooEarly(bytes32 job, uint64 deadline);
    error Taken(address byWhom);

    event Noted(address indexed who, bytes32 indexed tag, uint256 value, Kind kind);
    event ItemKept(Item theItem, uint256[][] words, string text);

    uint256 public total;
    mapping(bytes32 => address) public taker;

    function note(bytes32 tag, uint256 value) external {
        total += value;
        emit Noted(msg.sender, tag, value, Kind.Second);
    }

    function keep(Item calldata theItem, uint256[][] calldata words, string calldata text) external {
        emit ItemKept(theItem, words, text);
    }

    /// The second of two in one block passes its estimate and then fails.
    function take(bytes32 thing) external {
        if (taker[thing] != address(0)) revert Taken(taker[thing]);
        taker[thing] = msg.sender;
    }

    /// Costs little when it is estimated, much more once `total` is above zero.
    function heavy() external {
        if (total > 0) for (uint256 i = 0; i < 40; i++) taker[bytes32(total + i)] = msg.sender;
        total += 1;
    }

    function early(bytes32 job) external pure {
        revert TooEarly(job, 1_700_000_000);
    }

    function plain() external pure {
        revert("in plain words");
    }

    function divide(uint256 by) external pure returns (uint256) {
        return 1 / by;
    }

    function echo(Item calldata theItem) external pure returns (Item memory) {
        return theItem;
    }

    function pair() external view returns (uint256 firstOne, address secondOne) {
        return (total, address(this));
    }

    function unnamed() external pure returns (uint256, bool) {
        return (7, true);
    }

    function nothing() external pure {}

    function multicall(bytes[] calldata data) external returns (bytes[] memory results) {
        results = new bytes[](data.length);
        for (uint256 i = 0; i < data.length; i++) {
            (bool success, bytes memory returned) = address(this).delegatecall(data[i]);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(returned, 32), mload(returned))
                }
            }
            results[i] = returned;
        }
    }
}
