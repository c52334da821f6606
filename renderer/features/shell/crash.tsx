import { Component, type ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';

/** A page that fails leaves the rest of the panel standing. */
export class CrashGuard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="p-6">
        <Problem
          message="This page could not be drawn."
          next="Your machines and jobs go on. Draw it again, or reload the panel."
        >
          <Button size="small" onClick={() => this.setState({ failed: false })}>
            Draw it again
          </Button>
          <Button size="small" onClick={() => location.reload()}>
            Reload
          </Button>
        </Problem>
      </div>
    );
  }
}
