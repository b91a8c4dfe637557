//! The rules: code, title and reason of each. The book's table is made from [`RULES`].

/// Something that holds of every valid SDFG.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `V001`, …; never given to another rule.
    pub code: &'static str,
    /// The rule, in a few words.
    pub title: &'static str,
    /// What exactly is required, and why.
    pub text: &'static str,
}

macro_rules! rules {
    ($($name:ident = $code:literal, $title:literal, $text:literal;)*) => {
        $(
            #[doc = concat!($title, ".\n\n", $text)]
            pub const $name: Rule = Rule { code: $code, title: $title, text: $text };
        )*

        /// Every rule, by code.
        pub const RULES: &[&Rule] = &[$(&$name,)*];
    };
}

rules! {
    IDENTIFIERS = "V001", "Names are identifiers",
        "Names of SDFGs, containers, symbols, loop variables, map parameters, connectors and states are ASCII \
         identifiers: they become identifiers of emitted code.";
    DISTINCT_NAMES = "V002", "A name has one meaning",
        "No symbol, loop variable or map parameter has the name of a container, and none is defined again where it is \
         visible already: an expression could mean either. An integer argument that is never written may share its name \
         with a symbol, which then has its value.";
    INTERFACE = "V003", "Arguments and results are the visible containers",
        "Every argument and every result is a container that is not transient, is listed once, and no other container is \
         visible: the caller has to know what to pass.";
    SHAPES = "V004", "Arrays have a shape and as many strides",
        "An array has at least one dimension (a value without dimensions is a scalar), a stride for each, an offset for \
         each or for none, and no extent is provably negative.";
    SYMBOLS = "V005", "Symbols are defined",
        "A symbolic expression uses symbols that the SDFG declares, variables of loops around it and parameters of maps \
         around it. Inside of states it reads no containers: data moves along edges.";
    JUMPS = "V006", "Break and continue are in loops",
        "A break or continue has a loop around it in the same SDFG.";
    VARIABLES = "V007", "Loop variables are not assigned",
        "The variable of a counted loop is not assigned in the loop: the number of iterations is known when it begins.";
    CONDITIONS = "V008", "Control flow has types",
        "Conditions are truth values, the values of symbols are integers, and both read scalar containers by name and \
         arrays by element; only what is printed may be a whole array. Only the last branch of a conditional has no condition.";
    LABELS = "V009", "States have different labels",
        "No two states of an SDFG have the same label: messages, profiles and tests name states by it.";
    ACYCLIC = "V010", "States have no cycles",
        "Dataflow has an order; what is repeated is a loop.";
    MAPS = "V011", "Maps are opened and closed",
        "The entry of a map names its exit and the exit its entry. A map has as many ranges as parameters, at least one, \
         all different, and collapses no more dimensions than it has.";
    STEPS = "V012", "Steps have a direction",
        "The step of a map is not provably zero or negative, the step of a loop or subset not provably zero.";
    SCOPES = "V013", "Edges stay in their scope",
        "An edge joins nodes of one scope, or a node with the entry or exit of its scope. Data crosses the border of a map \
         through its entry and exit, and every node inside reaches the exit.";
    CONNECTORS = "V014", "Edges are attached to connectors",
        "An edge that carries data is attached to a connector at every end that is not an access node; the node has \
         that connector; every connector of a computation is used, an input by one edge. Edges that only order have \
         none.";
    PAIRS = "V015", "What enters a map continues",
        "`IN_x` and `OUT_x` of an entry or exit come together: an entry has one edge into `IN_x`, an exit one out of \
         `OUT_x`.";
    CONTAINERS = "V016", "Accesses name containers",
        "Access nodes and memlets name containers of the SDFG.";
    PATHS = "V017", "A memlet is about an end of its path",
        "Following connectors through maps, an edge begins or ends at an access node of the memlet's container. Only \
         copies, which have containers at both ends, say something about the other end.";
    RANKS = "V018", "Subsets have the dimensions of their container",
        "A subset has one range for each dimension; none for a scalar.";
    BOUNDS = "V019", "Subsets lie in their container",
        "No subset provably leaves its container, whose indices begin with the negated offset, given that sizes are positive and variables in their ranges. What cannot \
         be proved is checked by the interpreter.";
    COPIES = "V020", "Copies move as many elements as they write",
        "The subsets at both ends of a copy do not provably differ in their number of elements, and both containers have \
         the same type.";
    RESOLUTIONS = "V021", "Conflicts are resolved on writes",
        "Only a write has a conflict resolution, and the container's type has the operation. A call of an external routine, \
         which writes to an address, has none: the routine would have to know.";
    PORTS = "V022", "Connectors fit their memlets",
        "A connector of a tasklet has the type of the memlet's container, and as many dimensions as the subset has \
         without single indices.";
    TYPES = "V023", "Tasklets have types",
        "Every expression of a tasklet has a type, an output is given values of its own type, inputs are not assigned, \
         variables are assigned before they are read and always with one type, and elements are indexed with as many \
         `int64` as the connector has dimensions.";
    OUTPUTS = "V024", "Outputs get values",
        "A tasklet gives every output that carries one element a value on every path, unless the memlet is dynamic.";
    CALLS = "V025", "Nested SDFGs are called completely",
        "Every free symbol of a nested SDFG has a value; its connectors are its visible containers, with the type and \
         provably no other extents than what is passed.";
    ORDER = "V026", "Conflicting accesses are ordered",
        "Two accesses of one container in a state, one of them a write, are ordered by a path or do not provably share an \
         element. Only subsets that are exact prove anything.";
    RACES = "V027", "Iterations do not write the same element",
        "A write in a map depends on every parameter that takes more than one value, unless it has a conflict \
         resolution, goes to a stream, or the container belongs to the iteration.";
    VIEWS = "V028", "A view shows one container",
        "Every access of a view has one edge at its connector `views`, whose memlet is about another container of the \
         same type that is no stream; accesses in one scope show the same elements. A view that is shown by an edge into \
         it is not written: the dataflow would not tell.";
    REFERENCES = "V029", "References are set",
        "Edges at the connector `set` lead to accesses of references and carry memlets about other containers of the \
         same type that are no streams. A reference that is used is set somewhere in its SDFG.";
    STREAMS = "V030", "Streams are queues",
        "A memlet about a stream has no conflict resolution; a tasklet pushes to or pops from one queue, one element at \
         a time; library operations and control flow read no streams.";
    CONSTANTS = "V031", "Constants are not written",
        "No data enters an access of a constant: its elements are part of the program.";
    CONSUME = "V032", "A consume scope takes from one queue",
        "A consume scope has one parameter, one queue of a stream enters it at `IN_stream`, and what leaves `OUT_stream` \
         goes to a tasklet or an access inside; several elements at a time go to the access of a container of as many.";
    MACHINES = "V033", "Machines have ways between their vertices",
        "A state machine has at least one vertex, vertices with different labels, transitions between vertices that it \
         has, and no transition after one without a condition: it would never be tried.";
    STRUCTURES = "V034", "Members of structures are containers",
        "Every member of a structure is a container, or another structure, called `structure.member`, whose shape begins with \
         the extents of the array of structures; all members are internal to the program or none. Only members have dots in \
         their names.";
    RANGE_INPUTS = "V035", "Ranges that depend on data are given numbers",
        "An edge into a map's entry at a connector that is no `IN_x` carries one integer of a container; its name is an \
         identifier that nothing else has there, and no other edge has it. A consume scope has no such edges.";
    ZEROS = "V036", "Zeros have a beginning",
        "Only containers that are internal to the program begin with zeros. What lives as long as a call of the SDFG has a \
         size that is known when it is called.";
    TILES = "V037", "Tiles lie side by side",
        "The tiles of a subset have at least one element and are not longer than the step, both provably. Copies, memlets \
         of tasklets and the borders of scopes may have tiles, but not what a tasklet or stream gives dynamically; ranges of maps, operands of nested graphs and of library \
         operations, views and references have none.";
    OPTIONAL = "V038", "Only arguments may be None",
        "Array arguments of the outermost SDFG may be optional; nothing else is. Its control flow, and neither tasklets nor \
         nested graphs, asks whether one is None.";
}
