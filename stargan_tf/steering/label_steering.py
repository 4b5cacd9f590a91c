"""Models that labels steer: what to switch on and off in an image."""

from functools import partial

from stargan_tf.errors import InputError
from stargan_tf.steering import Plan, Steering


class LabelSteering(Steering):
    """Steering by labels; see `stargan_tf.steering.labels`."""

    name = "labels"
    title = "label"
    usage = (
        "--model DIR --to NAME[,NAME] INPUT [INPUT …] --output PATH",
        "--model DIR --all INPUT [INPUT …] --output PATH",
    )

    remote_model = "stargan_tf.serving.remote_models:RemoteLabelModel"
    tasks = "stargan_tf.steering.tasks:label_tasks"
    lessons = "stargan_tf.steering.distillation:LabelLessons"

    def add_arguments(self, parser):
        """`--from` and `--mask`."""
        group = parser.add_argument_group("Target (label models)")
        group.add_argument(
            "--from",
            dest="from_",
            metavar="NAME[,NAME]",
            help="What the inputs show, all else off. By default the model looks.",
        )
        group.add_argument(
            "--mask",
            metavar="DATASET",
            help="Joint models: the data set that the mask claims, for the paper's "
            "wrong mask.",
        )

    def check(self, args):
        """Refuses flags that contradict each other."""
        if not args.output:
            raise self.missing("output")
        if (args.to is not None) == args.all:
            raise InputError("Give either --to NAME[,NAME] or --all.")
        if args.all and args.size == "original":
            raise InputError(
                "--all draws pictures as the model does; --size original needs --to."
            )

    def plan(self, args, state, fitting):
        """One output for each input, or the paper's grid of every domain."""
        from stargan_tf.data.labels import LabelSpace
        from stargan_tf.steering import labels
        from stargan_tf.steering.styles import check_count
        from stargan_tf.translation.pictures import PictureStream, find_inputs
        from stargan_tf.translation.translate import to_files, to_grid

        stream = PictureStream(find_inputs(args.inputs, args.output), fitting)
        space = LabelSpace(state.datasets)
        given = None if args.from_ is None else labels.parse_target(args.from_, space)
        mask = None if args.mask is None else labels.parse_mask(args.mask, space)
        if args.all:
            translation = labels.ToEveryDomain(space, given, mask)
            columns = len(translation.heading.titles)
            check_count(columns - 1, "--all")
            write = to_grid(stream, args.output, args.batch_size, columns)
        else:
            target = labels.parse_target(args.to, space)
            translation = labels.ToTarget(space, target, given, mask)
            write = to_files(stream, args.output, args.batch_size)
        return Plan(partial(write, translation=translation), args.output, stream)


LABELS = LabelSteering()
